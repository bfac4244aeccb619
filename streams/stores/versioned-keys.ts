import { behindPrefix } from './key-bytes.ts'

/**
 * Keys of a versioned store:
 *
 *     0x00 key                            the latest value, so that reading it is one look-up
 *     0x01 length(4) key valid-to(8)      a version before it: when it ended; its timestamp says when it began
 *
 * The length keeps the versions of a key together, whatever other keys begin with it. In the order of bytes the first version that
 * ends behind a time is the one that was valid then, or nothing was. A delete that ends no version is kept as one that ends where it
 * begins, so that what is older and comes later still ends there.
 */
export const latestOf = (key: string): string => `\0${key}`

export function versionOf (key: string, validTo: number): string {
  return versionsOf(key) + timeBytes(validTo)
}

/** Versions of a key that end at `first` or later; all of them without it. */
export function versionsFrom (key: string, first?: number): { readonly from: string, readonly to: string | undefined } {
  const prefix = versionsOf(key)
  return { from: first === undefined ? prefix : versionOf(key, Math.max(first, 0)), to: behindPrefix(prefix) }
}

export function validToOf (entry: string): number {
  return Number(Buffer.from(entry.slice(-8), 'latin1').readBigInt64BE())
}

function versionsOf (key: string): string {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(key.length)
  return `\x01${length.toString('latin1')}${key}`
}

function timeBytes (time: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(time))
  return bytes.toString('latin1')
}
