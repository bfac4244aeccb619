import type { Serde } from '../serdes/serde.ts'

/** What an operator keeps in an ordered store: for who describes it, compares it with that of another version, or reads it from outside. */
export interface StoreContents {
  /**
   * key-value, versioned, window, session: a table's rows · open-windows: which rows of such a table were not emitted yet · join-window,
   * join-unmatched: records that wait for others · grace-buffer, suppress-buffer: what is held back · subscriptions: who refers to a foreign key.
   */
  readonly shape: StoreShape
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** How far behind the newest what is kept may be; undefined: what nobody deletes stays. */
  readonly retentionMs?: number
  /** The numbers that the windows of its rows, or of its join, are made of. */
  readonly windows?: WindowNumbers
  /** One row for each key of a stream, which no operator deletes. */
  readonly isAggregate?: boolean
}

export type StoreShape =
  'key-value' | 'versioned' | 'window' | 'session' | 'open-windows' | 'join-window' | 'join-unmatched' | 'grace-buffer' | 'suppress-buffer' | 'subscriptions'

export type WindowNumbers = Readonly<Record<string, number | string>>

/** Windows without their functions. */
export function windowNumbers (windows: object): WindowNumbers {
  return Object.fromEntries(Object.entries(windows).filter((entry): entry is [string, number | string] => typeof entry[1] !== 'function'))
}
