import type { Serde } from '../../serdes/serde.ts'
import type { ValueAndTimestamp, ValueGetter } from '../value-getter.ts'
import { keyBytes } from '../../stores/key-bytes.ts'

export interface GlobalTableRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
}

/** All rows of a global table, in the memory of each process: fed from every partition of its topic, read by every task. */
export class GlobalTableCopy<V> {
  readonly #rows = new Map<string, ValueAndTimestamp<V>>()
  readonly #value: Serde<V>

  constructor (value: Serde<V>) {
    this.#value = value
  }

  /** Rows are changed in the order of arrival; a record without a value deletes. One without a key is skipped, and that is what is said. */
  apply ({ key, value, timestamp }: GlobalTableRecord): 'applied' | 'null-key' {
    if (key === null) return 'null-key'
    if (value === null) this.#rows.delete(key.toString('latin1'))
    else this.#rows.set(key.toString('latin1'), { value: this.#value.decode(value), timestamp })
    return 'applied'
  }

  /** `key`: its bytes, one per character. */
  get (key: string): ValueAndTimestamp<V> | undefined {
    return this.#rows.get(key)
  }

  get size (): number {
    return this.#rows.size
  }
}

/** Reads the copy as joins read any table. */
export function readGlobalTable<K, V> (copy: GlobalTableCopy<V>, key: Serde<K>): ValueGetter<K, V> {
  return { get: each => copy.get(keyBytes(key, each)), getAsOf: undefined }
}
