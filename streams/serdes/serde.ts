/** Bytes to values and back. */
export interface Serde<T> {
  readonly name: string
  /** Throws `DecodeError` for bytes that are no such value. */
  decode (bytes: Buffer): T
  encode (value: T): Buffer
  /**
   * The bytes that a key's partition is chosen by. Only where they are not all of its bytes: the windows of one key lie in
   * the partition of that key.
   */
  partitionBytes? (value: T): Buffer
}

/** What a sink chooses the partition of a key by. */
export function partitionBytesOf<T> (serde: Serde<T>, key: T): Buffer {
  return serde.partitionBytes?.(key) ?? serde.encode(key)
}
