import type { LogHeader } from '../log/log.ts'

const LENGTH = 4
const NONE = -1

/** Several pieces of bytes as one, each behind its length; null stays apart from empty. */
export function packFrames (frames: readonly (Buffer | null)[]): Buffer {
  const packed = Buffer.allocUnsafe(frames.reduce((size, frame) => size + LENGTH + (frame?.length ?? 0), 0))
  let at = 0
  for (const frame of frames) {
    at = packed.writeInt32BE(frame?.length ?? NONE, at)
    if (frame !== null) at += frame.copy(packed, at)
  }
  return packed
}

/** The pieces; they share the memory of the whole. */
export function unpackFrames (packed: Buffer): (Buffer | null)[] {
  const frames = []
  for (let at = 0; at < packed.length;) {
    const length = packed.readInt32BE(at)
    at += LENGTH
    frames.push(length === NONE ? null : packed.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return frames
}

export function packHeaders (headers: readonly LogHeader[]): Buffer {
  return packFrames(headers.flatMap(([name, value]) => [Buffer.from(name), value]))
}

export function unpackHeaders (packed: Buffer): readonly LogHeader[] {
  const frames = unpackFrames(packed)
  const headers: LogHeader[] = []
  for (let at = 0; at < frames.length; at += 2) headers.push([String(frames[at]), frames[at + 1] ?? null])
  return headers
}
