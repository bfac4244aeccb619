import type { StreamRecord } from '../graph/record.ts'
import { packFrames, unpackFrames } from './frames.ts'

/** A change that is held back, in bytes; null: there was or is no row. */
export interface HeldChange {
  /** Of the first change that was held back since the last one was given out. */
  readonly prior: Buffer | null
  readonly old: Buffer | null
  readonly new: Buffer | null
  readonly headers: Buffer
}

/** What Kafka Streams counts for the time of the place, and for a record's timestamp, offset and partition. */
const SIZE_OF_NUMBERS = 8 + 8 + 8 + 4

export function packHeld ({ prior, old, new: newest, headers }: HeldChange, size: number): Buffer {
  const packedSize = Buffer.allocUnsafe(8)
  packedSize.writeDoubleBE(size)
  return packFrames([prior, old, newest, headers, packedSize])
}

export function unpackHeld (packed: Buffer): HeldChange & { readonly size: number } {
  const [prior = null, old = null, newest = null, headers, size] = unpackFrames(packed)
  return { prior, old, new: newest, headers: headers ?? Buffer.alloc(0), size: size?.readDoubleBE() ?? 0 }
}

/** As Kafka Streams estimates it; where the first old value is also the last one, it counts once. */
export function sizeOfHeld (keySize: number, { prior, old, new: newest }: HeldChange, topic: string, headers: StreamRecord['headers']): number {
  const isOne = prior !== null && old !== null && prior.equals(old)
  const values = (prior?.length ?? 0) + (isOne ? 0 : old?.length ?? 0) + (newest?.length ?? 0)
  return SIZE_OF_NUMBERS + keySize + values + topic.length + headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0)
}
