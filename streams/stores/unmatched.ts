import type { Execution } from '../graph/execution.ts'
import type { Serde } from '../serdes/serde.ts'
import { packFrames, unpackFrames } from './frames.ts'
import { bytesOfKey, keyOfBytes, encodeTime } from './ordered-keys.ts'
import { defineOrdered, type Ordered, type OrderedEntry } from './ordered.ts'

/** Values of one side, key and time that have no match yet, as they came. */
export type UnmatchedValues<L, R> =
  | { readonly side: 'left', readonly values: readonly L[] }
  | { readonly side: 'right', readonly values: readonly R[] }

/** What a left or outer join of streams may still have to give out alone, as data: by time, right before left, key. */
export interface Unmatched<K, L, R> {
  readonly ordered: Ordered<UnmatchedValues<L, R>>
  readonly key: Serde<K>
}

export interface UnmatchedEntry<L, R> {
  readonly timestamp: number
  readonly of: UnmatchedValues<L, R>
  readonly id: string
}

export interface OpenUnmatched<K, L, R> {
  /** Behind what waits already under this side, key and time. */
  readonly add: (key: K, timestamp: number, added: UnmatchedValues<L, R>) => void
  /** All values of this side, key and time: they have found a match. */
  readonly match: (key: K, timestamp: number, side: 'left' | 'right') => void
  readonly remove: (entry: UnmatchedEntry<L, R>) => void
  readonly keyOf: (entry: UnmatchedEntry<L, R>) => K
  readonly oldestFirst: () => Iterable<UnmatchedEntry<L, R>>
  readonly newest: () => UnmatchedEntry<L, R> | undefined
}

/** Behind the time and the side begins the key. */
const KEY_AT = 9

export function defineUnmatched<K, L, R> (
  { name, key, left, right }: { readonly name: string, readonly key: Serde<K>, readonly left: Serde<L>, readonly right: Serde<R> }
): Unmatched<K, L, R> {
  const value = unmatchedValues(left, right)
  return Object.freeze({ ordered: defineOrdered({ name, value, contents: { shape: 'join-unmatched', key, value } }), key })
}

export function openUnmatched<K, L, R> (execution: Execution, { ordered, key: serde }: Unmatched<K, L, R>): OpenUnmatched<K, L, R> {
  const writer = execution.writer(ordered)
  const idOf = (key: K, timestamp: number, side: 'left' | 'right') => encodeTime(timestamp) + (side === 'left' ? '\x01' : '\0') + keyOfBytes(serde.encode(key))
  const entry = ({ key: id, value: of, timestamp }: OrderedEntry<UnmatchedValues<L, R>>) => ({ id, of, timestamp })
  return {
    add (key, timestamp, added) {
      const id = idOf(key, timestamp, added.side)
      writer.put(id, together(writer.get(id)?.value, added), timestamp)
    },
    match (key, timestamp, side) {
      const id = idOf(key, timestamp, side)
      if (writer.get(id) !== undefined) writer.delete(id)
    },
    remove: ({ id }) => writer.delete(id),
    keyOf: ({ id }) => serde.decode(bytesOfKey(id.slice(KEY_AT))),
    * oldestFirst () {
      for (const found of writer.range('', undefined)) yield entry(found)
    },
    newest () {
      const [found] = writer.range('', undefined, { reverse: true })
      return found && entry(found)
    }
  }
}

function together<L, R> (known: UnmatchedValues<L, R> | undefined, added: UnmatchedValues<L, R>): UnmatchedValues<L, R> {
  if (known?.side === 'left' && added.side === 'left') return { side: 'left', values: [...known.values, ...added.values] }
  if (known?.side === 'right' && added.side === 'right') return { side: 'right', values: [...known.values, ...added.values] }
  return added
}

function unmatchedValues<L, R> (left: Serde<L>, right: Serde<R>): Serde<UnmatchedValues<L, R>> {
  return {
    name: `unmatched(${left.name}, ${right.name})`,
    encode (of) {
      const values = of.side === 'left' ? of.values.map(value => left.encode(value)) : of.values.map(value => right.encode(value))
      return packFrames([Buffer.from(of.side), ...values])
    },
    decode (bytes) {
      const [side, ...frames] = unpackFrames(bytes)
      const values = frames.filter(frame => frame !== null)
      return String(side) === 'left'
        ? { side: 'left', values: values.map(value => left.decode(value)) }
        : { side: 'right', values: values.map(value => right.decode(value)) }
    }
  }
}
