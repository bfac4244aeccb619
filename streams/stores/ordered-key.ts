const WORD = 2 ** 32

/** Four bytes in the order of the numbers, from 0 on. */
export function wordKey (word: number): string {
  return String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255)
}

/** Eight bytes in the order of the times, from 0 on; a time that no number counts to stands behind all others. */
export function timeKey (time: number): string {
  const bounded = Math.min(time, Number.MAX_SAFE_INTEGER)
  return wordKey(Math.floor(bounded / WORD)) + wordKey(bounded % WORD)
}

export function fromTimeKey (key: string): number {
  const bytes = fromRawKey(key)
  return bytes.readUInt32BE(0) * WORD + bytes.readUInt32BE(4)
}

/** The bytes as they are: for the end of a key, where nothing follows that could be taken for a part of them. */
export function rawKey (bytes: Buffer): string {
  return bytes.toString('latin1')
}

export function fromRawKey (key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

/** The bytes with an end that none of them can contain, so that no key is the beginning of another; their order stays. */
export function closedKey (bytes: Buffer): string {
  const raw = rawKey(bytes)
  return (raw.includes('\0') ? raw.replaceAll('\0', '\0\xff') : raw) + '\0\0'
}
