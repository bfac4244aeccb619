import type { Serde } from '../serdes/serde.ts'

/** A key as ordered stores take it: its bytes, one per character. */
export function keyBytes<K> (serde: Serde<K>, key: K): string {
  return serde.encode(key).toString('latin1')
}

export function keyOf<K> (serde: Serde<K>, bytes: string): K {
  return serde.decode(Buffer.from(bytes, 'latin1'))
}

/** The first key behind all that begin with `prefix`; undefined: there is none. */
export function behindPrefix (prefix: string): string | undefined {
  let end = prefix.length
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xff) end--
  return end === 0 ? undefined : prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1)
}
