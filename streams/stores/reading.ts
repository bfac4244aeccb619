import type { Serde } from '../serdes/serde.ts'

/** How rows of an ordered store are found by key from outside, as data: what the operator that keeps them knows of its keys. */
export type Reading = ReadingOf<unknown>

/** `keptMs`: what lies further behind the time that the task has under the store's name counts as gone. */
export type ReadingOf<K> =
  | { readonly shape: 'key-value', readonly key: Serde<K> }
  | { readonly shape: 'versioned', readonly key: Serde<K>, readonly historyRetentionMs: number }
  | { readonly shape: 'window', readonly key: Serde<K>, readonly keptMs: number, readonly sizeMs: number }
  | { readonly shape: 'session', readonly key: Serde<K>, readonly keptMs: number }
