import { Compile, type Validator } from 'typebox/compile'
import { isStorable } from './text.ts'
import { partsOf, type SchemaParts } from './parts.ts'
import type { TSchema } from 'typebox'

export interface Mistake {
  /** Where, as in `items[3].position`; empty for the value as a whole. */
  readonly path: string
  readonly message: string
}

/** Every mistake in a value, each with what was found and what is wanted. Slow and thorough: for values that were refused. */
export function mistakesIn (schema: TSchema, value: unknown): readonly Mistake[] {
  const mistakes: Mistake[] = []
  collect(schema, value, '', mistakes)
  return mistakes
}

/** By schema: compiled once it is asked for, since a log may hold as many mistakes as records. */
const validators = new WeakMap<TSchema, Validator>()

function fits (schema: TSchema, value: unknown): boolean {
  let validator = validators.get(schema)
  if (validator === undefined) validators.set(schema, validator = Compile(schema))
  return validator.Check(value)
}

function collect (schema: TSchema, value: unknown, path: string, mistakes: Mistake[]): void {
  const parts = partsOf(schema)
  if (parts.properties !== undefined && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    collectFields(parts, new Map(Object.entries(value)), path, mistakes)
    return
  }
  if (parts.items !== undefined && Array.isArray(value)) {
    if (!isWithin(value.length, parts.minItems, parts.maxItems)) mistakes.push({ path, message: `found ${value.length} entries, wanted ${wanted(parts)}` })
    for (const [index, entry] of value.entries()) collect(parts.items, entry, `${path}[${index}]`, mistakes)
    return
  }
  if (!fits(schema, value)) {
    mistakes.push({ path, message: `found ${show(value)}, wanted ${wanted(parts)}` })
  } else if (typeof value === 'string' && !isStorable(value)) {
    mistakes.push({ path, message: `found ${show(value)}, wanted text without U+0000 and without halves of surrogate pairs` })
  }
}

function collectFields ({ properties = {}, required = [] }: SchemaParts, fields: ReadonlyMap<string, unknown>, path: string, mistakes: Mistake[]): void {
  const prefix = path === '' ? '' : `${path}.`
  for (const [name, property] of Object.entries(properties)) {
    if (fields.has(name)) collect(property, fields.get(name), prefix + name, mistakes)
    else if (required.includes(name)) mistakes.push({ path: prefix + name, message: `missing, wanted ${wanted(partsOf(property))}` })
  }
  for (const name of fields.keys()) {
    if (!Object.hasOwn(properties, name)) mistakes.push({ path: prefix + clip(name), message: 'unknown field, wanted none but those of the contract' })
  }
}

function wanted (parts: SchemaParts): string {
  const types = typeof parts.type === 'string' ? [parts.type] : parts.type ?? []
  const nullable = types.includes('null') ? ' or null' : ''
  if (parts.enum !== undefined) return parts.enum.map(value => JSON.stringify(value)).join(' or ')
  switch (types[0]) {
    case 'string': return `text${between(parts.minLength, parts.maxLength, ' characters')}${nullable}`
    case 'integer': return `a whole number${between(parts.minimum, parts.maximum)}${nullable}`
    case 'number': return `a number${between(parts.minimum, parts.maximum)}${nullable}`
    case 'boolean': return `true or false${nullable}`
    case 'array': return `a list${between(parts.minItems, parts.maxItems, ' entries')}`
    default: return `an object${nullable}`
  }
}

function between (least: number | undefined, most: number | undefined, unit = ''): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return ` of at least ${least}${unit}`
  if (least === undefined) return ` of at most ${most}${unit}`
  return ` of ${least} to ${most}${unit}`
}

function isWithin (size: number, least = 0, most = Infinity): boolean {
  return size >= least && size <= most
}

/** What was found, short enough for a log line. */
function show (value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length} entries`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'string') return JSON.stringify(clip(value))
  return String(value)
}

function clip (text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
