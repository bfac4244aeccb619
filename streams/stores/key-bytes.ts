import type { Serde } from '../serdes/serde.ts'

/** A key as ordered stores take it: its bytes, one per character. */
export function keyBytes<K> (serde: Serde<K>, key: K): string {
  return serde.encode(key).toString('latin1')
}

/** As `keyBytes`, for one who asks for the same key several times in a row. */
export function lastKeyBytes<K> (serde: Serde<K>): (key: K) => string {
  let last: { readonly key: K, readonly bytes: string } | undefined
  return key => {
    if (last === undefined || !Object.is(last.key, key)) last = { key, bytes: keyBytes(serde, key) }
    return last.bytes
  }
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
