import { type KeyColumns, type KeyOf } from './columns.ts'
import { checkStoreName } from './names.ts'

/**
 * Commutative state: any task may add to any key, Postgres does the addition. It only grows, so in Redis the count is its own version.
 *
 * Projected as a ranking, (count descending, key ascending in bytes): one for the whole store when the key has one column,
 * one per first column when it has two.
 */
export interface Counter<K extends KeyColumns = KeyColumns> {
  readonly kind: 'counter'
  readonly name: string
  readonly key: K
  readonly count: string
  /** The column that notes when the count last changed, where the table has one. */
  readonly updatedAt: string | undefined
  /** Of each ranking the best so many are promised in Redis; undefined: all. */
  readonly keep: number | undefined
}

export interface CounterOptions<K extends KeyColumns> {
  readonly name: string
  readonly key: K
  readonly count: string
  readonly updatedAt?: string
  readonly keep?: number
}

/** What a processor holds. */
export interface CounterWriter<K extends KeyColumns = KeyColumns> {
  /** The amount is a whole number above zero; anything else is an error of the record. Delivered twice: the unit's position makes it count once. */
  readonly add: (key: KeyOf<K>, amount: number) => void
}

export function defineCounter<const K extends KeyColumns> ({ name, key, count, updatedAt, keep }: CounterOptions<K>): Counter<K> {
  checkStoreName('Counter', name)
  return Object.freeze({ kind: 'counter', name, key, count, updatedAt, keep })
}
