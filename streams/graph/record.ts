import type { LogHeader } from '../log/log.ts'

/** A record on its way through the graph. Key, value, timestamp and headers belong to it; its coordinates belong to the source record. */
export interface StreamRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers: readonly LogHeader[]
}

/** Hands a record to what stands behind a node; returns when all of that is done. */
export type Forward<K, V> = (record: StreamRecord<K, V>) => void

/** Where the record being processed came from. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}
