import type { LogHeader, TopicPartition } from '../log/log.ts'
import type { ErrorClass } from '../resilience/error-class.ts'
import type { Cut } from './headers.ts'
import type { Route } from './route.ts'

export interface Coordinates extends TopicPartition {
  readonly offset: number
}

/** By what a dead letter was understood: a family of headers, an envelope in its body, or nothing. */
export type Family = 'millrace' | 'share-group' | 'kafka-streams' | 'spring' | 'spring-retry' | 'connect' | 'envelope' | 'none'

/** Where a dead letter came from, as far as it says so. */
export interface Origin {
  readonly topic: string
  readonly partition: number | undefined
  readonly offset: number | undefined
}

/** A record of a dead-letter topic, whoever wrote it: undefined is what it does not say. */
export interface DeadLetter {
  /** Where it lies. */
  readonly at: Coordinates
  readonly family: Family
  readonly origin: Origin | undefined
  readonly errorClass: ErrorClass | 'unknown'
  /** What is wrong, in one word: ours and the envelope's. */
  readonly errorCode: string | undefined
  /** The class of the exception. */
  readonly exception: string | undefined
  readonly message: string | undefined
  readonly stack: string | undefined
  readonly node: string | undefined
  readonly stage: string | undefined
  /** The application, consumer group or connector that gave up. */
  readonly application: string | undefined
  readonly attempts: number | undefined
  /** The same for all dead letters of one record, also behind replays. */
  readonly errorId: string
  readonly replayCount: number
  readonly firstFailedAtMs: number | undefined
  readonly failedAtMs: number | undefined
  /** Its own timestamp, mostly that of the record that failed; −1 where it has none. */
  readonly timestamp: number
  /** The record that failed: its key and value, out of the envelope where there is one. */
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Its own headers, those of errors left out. */
  readonly headers: readonly LogHeader[]
  /** What of the record did not fit, and is lost. */
  readonly cuts: readonly Cut[]
  /** How an engine of ours came to it. */
  readonly route: Route | undefined
}
