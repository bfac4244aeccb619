import type { StoredEntry } from '../state/state.ts'
import { behindPrefix } from '../stores/key-bytes.ts'
import { behind, bytesOfFrame, bytesOfKey, decodeTime, frameOf, keyOfBytes, TIME_LENGTH } from '../stores/ordered-keys.ts'
import type { Reading } from '../stores/reading.ts'
import { latestOf } from '../stores/versioned-keys.ts'
import type { Window } from '../windows/windowed.ts'

/** Keys of an ordered store with `from` ≤ key < `to`. */
export interface Span {
  readonly from: string
  readonly to: string | undefined
}

/** How the entries of a shape lie in the order of bytes. */
export interface KeyLayout {
  readonly all: Span
  /** The entries of one key. */
  readonly of: (key: Buffer) => Span
  /** Those whose keys begin so. */
  readonly beginning: (prefix: Buffer) => Span
  readonly parse: (entry: StoredEntry) => { readonly key: Buffer, readonly window?: Window }
}

export function layoutOf (reading: Reading): KeyLayout {
  switch (reading.shape) {
    case 'key-value': return plain
    case 'versioned': return latest
    case 'window': return framed(TIME_LENGTH, (key, at) => {
      const start = decodeTime(key, at)
      // A window without an end is as long as numbers go.
      return { start, end: Math.min(start + reading.sizeMs, Number.MAX_SAFE_INTEGER) }
    })
    case 'session': return framed(2 * TIME_LENGTH, (key, at) => ({ start: decodeTime(key, at + TIME_LENGTH), end: decodeTime(key, at) }))
  }
}

const plain: KeyLayout = {
  all: { from: '', to: undefined },
  of: key => only(keyOfBytes(key)),
  beginning: prefix => from(keyOfBytes(prefix)),
  parse: ({ key }) => ({ key: bytesOfKey(key) })
}

/** Of each key the version that is valid now. */
const latest: KeyLayout = {
  all: from(latestOf('')),
  of: key => only(latestOf(keyOfBytes(key))),
  beginning: prefix => from(latestOf(keyOfBytes(prefix))),
  parse: ({ key }) => ({ key: bytesOfKey(key.slice(1)) })
}

function framed (timesLength: number, windowAt: (key: string, at: number) => Window): KeyLayout {
  return {
    all: { from: '', to: undefined },
    of: key => ({ from: frameOf(key), to: behind(frameOf(key)) }),
    // A frame without its end is what the frames of all longer keys begin with.
    beginning: prefix => from(frameOf(prefix).slice(0, -frameOf(Buffer.alloc(0)).length)),
    parse ({ key }) {
      const at = key.length - timesLength
      return { key: bytesOfFrame(key.slice(0, at)), window: windowAt(key, at) }
    }
  }
}

function only (key: string): Span {
  return { from: key, to: `${key}\0` }
}

function from (prefix: string): Span {
  return { from: prefix, to: behindPrefix(prefix) }
}
