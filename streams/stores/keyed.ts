import type { Static, TSchema } from 'typebox'
import { type KeyColumns, type KeyOf } from './columns.ts'
import { checkStoreName } from './names.ts'

/**
 * Keyed state: the last value of a key, as jsonb in the column `value` beside its `version`. It is written only where the
 * version is still the one that was read.
 *
 * Projected as one value per key.
 */
export interface Keyed<K extends KeyColumns = KeyColumns, V extends TSchema = TSchema> {
  readonly kind: 'keyed'
  readonly name: string
  readonly key: K
  readonly value: V
}

export interface KeyedWriter<K extends KeyColumns = KeyColumns, V extends TSchema = TSchema> {
  readonly get: (key: KeyOf<K>) => Readonly<Static<V>> | undefined
  readonly put: (key: KeyOf<K>, value: Static<V>) => void
  readonly delete: (key: KeyOf<K>) => void
}

export function defineKeyed<const K extends KeyColumns, V extends TSchema> (
  { name, key, value }: { readonly name: string, readonly key: K, readonly value: V }
): Keyed<K, V> {
  checkStoreName('Keyed store', name)
  return Object.freeze({ kind: 'keyed', name, key, value })
}
