import type { TSchema } from 'typebox'

/** The keywords of JSON Schema that our contracts use. */
export interface SchemaParts {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
  readonly items?: TSchema
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

export function partsOf (schema: TSchema): SchemaParts {
  // TypeBox types its schemas as opaque; underneath each is plain JSON Schema, and ours use these keywords only.
  return schema as SchemaParts
}
