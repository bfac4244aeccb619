import { messageOf } from '../errors.ts'
import type { Serde } from '../serdes/serde.ts'
import { QueryError } from './query-error.ts'
import type { DeclaredStore, QueryableStore } from './queryable.ts'

/**
 * A key as people write it: text and UUIDs as they are, bytes in base64url, everything else as JSON. Of a declared store the only
 * column as it is, several as a JSON array of them in order.
 */
export function keyFromText ({ name, store, reading }: QueryableStore, text: string): unknown {
  return reading === undefined ? columnsFromText(store, text) : valueFromText(name, reading.key, text)
}

/** As `keyFromText` reads it. */
export function keyToText (store: QueryableStore, key: unknown): unknown {
  if (store.reading !== undefined) return jsonOf(key)
  // A declared store's key is an object of its columns.
  const columns = store.store.key.map(column => (key as Readonly<Record<string, unknown>>)[column])
  return columns.length === 1 ? columns[0] : columns
}

/** What JSON has no word for as text: bytes in base64url, large whole numbers by their digits. */
export function jsonOf (value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, jsonOf(content)]))
}

function valueFromText (store: string, serde: Serde<unknown>, text: string): unknown {
  const value = parsed(serde.name, text)
  try {
    // Serdes refuse what they cannot write; some write nonsense, and refuse it when it is read.
    return serde.decode(serde.encode(value))
  } catch (error) {
    throw new QueryError('refused', `Keys of store '${store}' are ${serde.name}, which '${text}' is not: ${messageOf(error)}`, { cause: error })
  }
}

function parsed (serde: string, text: string): unknown {
  switch (serde) {
    case 'text': case 'uuid': return text
    case 'bytes': return Buffer.from(text, 'base64url')
    case 'bigint': return /^-?\d+$/.test(text) ? BigInt(text) : text
    default: return jsonOrText(text)
  }
}

function jsonOrText (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function columnsFromText (store: DeclaredStore, text: string): Readonly<Record<string, unknown>> {
  const [only = ''] = store.key
  const isText = store.kind !== 'rows' || store.columns[only]?.type === 'text'
  if (store.key.length === 1) return { [only]: isText ? text : jsonOrText(text) }
  const parts = jsonOrText(text)
  if (Array.isArray(parts) && parts.length <= store.key.length) return Object.fromEntries(parts.map((part, index) => [store.key[index], part]))
  throw new QueryError('refused', `A key of store '${store.name}' is a JSON array of ${store.key.join(', ')}; '${text}' is none. As in ["a","b"].`)
}
