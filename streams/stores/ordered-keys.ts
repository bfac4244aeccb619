/**
 * How a key and a time make one key of an ordered store. Strings of one character per byte, in the order of the bytes.
 *
 * A key of any length stands in front as a *frame*: its zero bytes are written `00 ff`, and `00 01` ends it. So frames sort as
 * their keys do, none is the beginning of another, and a range over one frame finds that key's entries and nobody else's.
 */
const ESCAPED_ZERO = '\0\xff'
const END = '\0\x01'

export const TIME_LENGTH = 8

/** The bytes of a key, one per character. */
export function keyOfBytes (bytes: Buffer): string {
  return bytes.toString('latin1')
}

export function bytesOfKey (key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

export function frameOf (bytes: Buffer): string {
  const key = bytes.toString('latin1')
  return (key.includes('\0') ? key.replaceAll('\0', ESCAPED_ZERO) : key) + END
}

export function bytesOfFrame (frame: string): Buffer {
  return bytesOfKey(frame.slice(0, -END.length).replaceAll(ESCAPED_ZERO, '\0'))
}

/** The first key behind all keys that begin so. */
export function behind (prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1)
  return prefix.slice(0, -1) + String.fromCharCode(last + 1)
}

/** Milliseconds since 1970, 0 or more, as 8 bytes; a time that no number counts to stands behind all others. */
export function encodeTime (ms: number): string {
  const bounded = Math.min(ms, Number.MAX_SAFE_INTEGER)
  const high = Math.floor(bounded / 0x1_0000_0000)
  return encodeInt(high) + encodeInt(bounded - high * 0x1_0000_0000)
}

export function decodeTime (key: string, at: number): number {
  return decodeInt(key, at) * 0x1_0000_0000 + decodeInt(key, at + 4)
}

/** 0 or more, as 4 bytes. */
export function encodeInt (value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

function decodeInt (key: string, at: number): number {
  return ((key.charCodeAt(at) << 24) | (key.charCodeAt(at + 1) << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3)) >>> 0
}
