import { isStorable } from './text.ts'
import { partsOf } from './parts.ts'
import type { TSchema } from 'typebox'

/** Which fields an object may have, and which of them hold objects or lists of objects. */
export interface Shape {
  readonly fields: ReadonlySet<string>
  readonly inside: readonly (readonly [field: string, shape: Shape])[]
}

export function shapeOf (schema: TSchema): Shape {
  const { properties = {} } = partsOf(schema)
  const inside: [string, Shape][] = []
  for (const [field, property] of Object.entries(properties)) {
    const { items } = partsOf(property)
    const shape = shapeOf(items ?? property)
    if (shape.fields.size > 0) inside.push([field, shape])
  }
  return { fields: new Set(Object.keys(properties)), inside }
}

/**
 * Whether a value that its schema accepts has no unknown field and no text that cannot be stored, all the way down.
 *
 * Apart from the schema because `additionalProperties: false` compiles to a regular expression per key: seven times the
 * cost of everything else together.
 */
export function isTidy (value: Readonly<Record<string, unknown>>, { fields, inside }: Shape): boolean {
  for (const field in value) {
    if (!fields.has(field)) return false
    const content = value[field]
    if (typeof content === 'string' && !isStorable(content)) return false
  }
  for (const [field, shape] of inside) {
    const content = value[field]
    if (Array.isArray(content) ? !content.every(entry => isTidy(entry, shape)) : !isTidyObject(content, shape)) return false
  }
  return true
}

function isTidyObject (content: unknown, shape: Shape): boolean {
  if (typeof content !== 'object' || content === null) return true
  // An object that is no array is a record of unknowns.
  return isTidy(content as Readonly<Record<string, unknown>>, shape)
}
