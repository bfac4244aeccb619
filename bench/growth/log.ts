import { createRandom } from '../../bin/sample-events.ts'
import { partitionOf } from '../../test/helpers/random-log.ts'
import type { OutgoingRecord } from '../../streams/index.ts'

/** In the cache after their first record. */
const HOT_KEYS = 1_000
/** One record in so many names a key of the whole state that no other record of the log names, so that it is read from Postgres. */
const COLD_EVERY = 20
const AMOUNT = 7

export interface GrowthLog {
  readonly records: readonly OutgoingRecord[]
  /** How often each key is named. */
  readonly counts: ReadonlyMap<string, number>
}

export function keyName (index: number): string {
  return `key-${index}`
}

/** So many records can be made of a state of `keys`, each cold key once. */
export function mostRecords (keys: number): number {
  return (keys - HOT_KEYS) * COLD_EVERY
}

/**
 * The same share of hits and misses however large the state is: hot keys that are drawn by chance, and cold ones each of which comes once,
 * spread over all keys.
 */
export function createGrowthLog ({ topic, partitions, keys, count, seed }: { readonly topic: string, readonly partitions: number, readonly keys: number, readonly count: number, readonly seed: number }): GrowthLog {
  if (count > mostRecords(keys)) throw new RangeError(`${count} records need more keys than ${keys}.`)
  const random = createRandom(seed)
  const cold = Math.ceil(count / COLD_EVERY)
  // Every so many-th of the keys behind the hot ones, begun elsewhere with each seed.
  const step = Math.floor((keys - HOT_KEYS) / cold)
  const shift = step > 1 ? random.below(step) : 0
  const counts = new Map<string, number>()
  let drawn = 0
  const records = Array.from({ length: count }, (_, index): OutgoingRecord => {
    const key = keyName(index % COLD_EVERY === 0 ? HOT_KEYS + shift + step * drawn++ : random.below(HOT_KEYS))
    counts.set(key, (counts.get(key) ?? 0) + 1)
    return { topic, partition: partitionOf(key, partitions), key: Buffer.from(key), value: Buffer.from(JSON.stringify({ key, amount: AMOUNT })), headers: [], timestamp: 1_750_000_000_000 + index }
  })
  return { records, counts }
}

/** Of a key whose records came to so many. */
export function totalOf (count: number): { readonly count: number, readonly sum: number } {
  return { count, sum: count * AMOUNT }
}
