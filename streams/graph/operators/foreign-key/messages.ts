/** What the right side of a foreign-key join is to do about a row of the left side. */
export type Instruction =
  'delete-key-no-propagate' | 'delete-key-and-propagate' | 'propagate-null-if-no-fk-val-available' | 'propagate-only-if-fk-val-available'

/** From left to right: this row of the left side refers to your key, or no longer does. */
export interface SubscriptionWrapper<K> {
  /** Of the left value: the answer brings it back, so that one to an older value is known. null: the row was deleted. */
  readonly hash: Buffer | null
  readonly instruction: Instruction
  readonly primaryKey: K
  /** Where the answer is to go. */
  readonly primaryPartition: number
}

/** From right to left: the value your row refers to. */
export interface SubscriptionResponseWrapper<V> {
  readonly originalValueHash: Buffer | null
  readonly foreignValue: V | null
  /** Where the asking row is; it chooses the partition of the answer and is not written into it. */
  readonly primaryPartition?: number
}

/** The key under which the right side remembers who refers to it. */
export interface CombinedKey<FK, K> {
  readonly foreignKey: FK
  readonly primaryKey: K
}

/** In byte order all rows of one foreign key stand together. */
export interface CombinedKeyBytes<FK, K> {
  encode (key: CombinedKey<FK, K>): Buffer
  decode (bytes: Buffer): CombinedKey<FK, K>
  /** What the keys of all rows that refer to `foreignKey` begin with, and no others. */
  prefix (foreignKey: FK): Buffer
}
