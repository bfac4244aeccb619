import { writeLong } from '../serdes/long.ts'
import type { Window } from './windowed.ts'

/** The key of a window store: of two records of one key and start, where both are kept, the second has sequence number 1. */
export function windowStoreKey (key: Buffer, start: number, sequence: number): Buffer {
  const bytes = behind(key, 12)
  writeLong(bytes, start, key.length)
  bytes.writeInt32BE(sequence, key.length + 8)
  return bytes
}

/** The key of a session store, and of a session on the wire. The end comes first: a session is found by when it may still grow. */
export function sessionStoreKey (key: Buffer, { start, end }: Window): Buffer {
  const bytes = behind(key, 16)
  writeLong(bytes, end, key.length)
  writeLong(bytes, start, key.length + 8)
  return bytes
}

/** The key of what waits in an outer join for a match. The time comes first: the oldest is given up first. */
export function timestampedKeyAndJoinSide (timestamp: number, side: 'left' | 'right', key: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(9 + key.length)
  writeLong(bytes, timestamp, 0)
  bytes.writeUInt8(side === 'left' ? 1 : 0, 8)
  key.copy(bytes, 9)
  return bytes
}

/** The key, and room for `size` bytes more. */
export function behind (key: Buffer, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + size)
  key.copy(bytes)
  return bytes
}
