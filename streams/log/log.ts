/**
 * The log: all that the engine wants of Kafka, and nothing else.
 *
 * Two implementations keep these promises: `kafka/` on a real cluster, and `memory.ts` in this process
 * (the embedded default, the test driver). One contract suite runs over both.
 * Offsets and timestamps are numbers: both stay below 2^53.
 */

export type LogHeader = readonly [name: string, value: Buffer | null]

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface LogRecord extends TopicPartition {
  readonly offset: number
  /** Milliseconds since 1970; −1 where the record has none. With LogAppendTime it is the broker's. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly LogHeader[]
}

/** Where to read next. The epoch is the reader's stamp on the question, and comes back with the answer. */
export interface ReadPosition extends TopicPartition {
  readonly offset: number
  readonly epoch: number
}

/** The answer for one partition. Records of aborted transactions and control records are already left out. */
export interface FetchedBatch extends TopicPartition {
  /** The offset that was asked for. An answer whose question is no longer current is the taker's to throw away. */
  readonly askedOffset: number
  readonly epoch: number
  /** In offset order. May be empty although `nextOffset` moved on: compaction, aborted records, markers. */
  readonly records: readonly LogRecord[]
  /** The offset to ask for next. */
  readonly nextOffset: number
  /** The offset after the last one that can be read now; `endOffset - nextOffset` is the lag that is still on the broker. */
  readonly endOffset: number
}

export interface ReaderOptions {
  /** Asked before each fetch. A partition that is not listed is not fetched: that is how one is paused. */
  readonly wanted: () => readonly ReadPosition[]
  /** Called in offset order per partition and epoch; never twice for the same question, but for an empty answer behind `delayed`. */
  readonly deliver: (batch: FetchedBatch) => void
  /** A partition cannot be read from where it was asked. The reader goes on with the others, and asks again only if it is still wanted. */
  readonly failed: (position: ReadPosition, error: LogError) => void
  /** A partition cannot be read for now; called at each try. The reader asks again by itself, and delivers what it is answered, be it nothing. */
  readonly delayed?: (position: ReadPosition, reason: string) => void
  /** The most bytes of one answer of one broker; at most 1 MB, since decoding a larger one blocks the process. */
  readonly maxBytes?: number
  /** How long a broker may wait for data before it answers with nothing. */
  readonly maxWaitMs?: number
}

/** A fetch loop: one question in flight per broker. */
export interface LogReader {
  /** Says that `wanted` may have changed; without it the loop would sleep on an empty list. */
  readonly wake: () => void
  readonly close: () => Promise<void>
}

export interface OutgoingRecord {
  readonly topic: string
  /** Or how to choose it, given how many there are. Left out: murmur2 of the key as Java producers do it; without a key any partition. */
  readonly partition?: number | ((count: number) => number | undefined)
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly LogHeader[]
  /** Left out: now. */
  readonly timestamp?: number
}

export interface LogProducer {
  /**
   * Resolves when every record is acknowledged by all in-sync replicas, in the order given per partition.
   * One call at a time. Rejects with a `LogError`: `data` names the record that can never be sent (`recordIndex`,
   * where it is known), `outage` may be sent again. Delivered twice: records sent before an `outage` may be in the log.
   */
  readonly send: (records: readonly OutgoingRecord[]) => Promise<void>
  readonly close: () => Promise<void>
}

/** Topics that are not known by name: all whose name matches, also such as are made later. */
export interface TopicNames {
  /** The same for the same question in every member. */
  readonly id: string
  readonly matches: (topic: string) => boolean
}

export interface GroupOptions {
  readonly groupId: string
  /** Static membership: a member that comes back under this name within the session timeout gets its partitions back. */
  readonly instanceId?: string
  readonly topics: readonly string[]
  /** Topics that are read beside those, as far as they exist. */
  readonly patterns?: readonly TopicNames[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /**
   * Partitions that must stay together, by topic: each list is one sub-topology. Partition p of all its topics, and of those that its
   * patterns match, goes to one member. Members of a group must agree on it.
   */
  readonly together: readonly (readonly (string | TopicNames)[])[]
  /** Awaited before every join while the old generation still holds: finish what is in flight. Must end within the session timeout. */
  readonly prepare: () => Promise<void>
  /** All that this member now owns. Also called with nothing, and with the reason, when membership is lost. */
  readonly assigned: (partitions: readonly TopicPartition[], lost?: string) => void
  /** Membership cannot be had again (authorisation, a fenced instance id); the process should stop. */
  readonly failed: (error: LogError) => void
}

export interface GroupMember {
  readonly memberId: () => string
  /** True only when a heartbeat of the current generation, sent after this call, was answered well: nobody else owns our partitions. */
  readonly confirm: () => Promise<boolean>
  /** For lag tools only; the engine never reads it back while it has a position of its own. Rejects when the broker refuses. */
  readonly commit: (positions: readonly (TopicPartition & { readonly offset: number })[]) => Promise<void>
  /** Leaves the group; a static member goes without a word, so that its partitions wait for it. */
  readonly leave: () => Promise<void>
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly configs?: Readonly<Record<string, string>>
}

/** earliest: the first offset still there · latest: the end · a number: the first record at or after that time in milliseconds, the end if there is none. */
export type OffsetSpec = 'earliest' | 'latest' | number

export interface LogIdentity {
  readonly cluster: string
  /** Of those topics that exist: one that is deleted and made anew under its name has another id. */
  readonly topics: ReadonlyMap<string, string>
}

export interface GroupMemberInfo {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

export interface Log {
  /** Partition counts of those topics that exist. */
  readonly partitionCounts: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** Which cluster this is, and which topics those are, however often their names are used again. */
  readonly identify: (topics: readonly string[]) => Promise<LogIdentity>
  /** All topics that may be seen; the log's own are left out. */
  readonly topicNames: () => Promise<readonly string[]>
  /** A topic that exists already is left as it is. */
  readonly createTopics: (topics: readonly TopicSpec[]) => Promise<void>
  readonly deleteTopics: (topics: readonly string[]) => Promise<void>
  /** Deletes the records before these offsets; where they are gone already nothing happens. */
  readonly deleteRecords: (before: readonly (TopicPartition & { readonly offset: number })[]) => Promise<void>
  /** One answer per partition, however often it is among them. */
  readonly offsets: (partitions: readonly TopicPartition[], at: OffsetSpec) => Promise<readonly (TopicPartition & { readonly offset: number })[]>
  readonly groupOffsets: (groupId: string) => Promise<readonly (TopicPartition & { readonly offset: number })[]>
  /** The group must have no members. */
  readonly setGroupOffsets: (groupId: string, offsets: readonly (TopicPartition & { readonly offset: number })[]) => Promise<void>
  readonly groupMembers: (groupId: string) => Promise<readonly GroupMemberInfo[]>
  readonly evictMembers: (groupId: string, memberIds: readonly string[]) => Promise<void>
  readonly openReader: (options: ReaderOptions) => LogReader
  readonly openProducer: () => LogProducer
  /** Resolves once the member has been given its first assignment (which may be empty). */
  readonly joinGroup: (options: GroupOptions) => Promise<GroupMember>
  readonly close: () => Promise<void>
}

/**
 * outage: may go away by itself, ask again · data: this record can never be sent · fatal: a human must act ·
 * out-of-range: the offset asked for is not in the log (retention deleted it, or it was never written).
 */
export type LogErrorKind = 'outage' | 'data' | 'fatal' | 'out-of-range'

export interface LogErrorOptions {
  readonly cause?: unknown
  readonly recordIndex?: number | undefined
  readonly topic?: string | undefined
  readonly acknowledged?: readonly number[]
}

export class LogError extends Error {
  readonly kind: LogErrorKind
  /** Of a `data` error: which of the records given to `send`. */
  readonly recordIndex: number | undefined
  /** The one topic that it is about; undefined: the log as a whole, or several. */
  readonly topic: string | undefined
  /** Of an error of `send`: which of the records were acknowledged all the same; per partition the first ones. */
  readonly acknowledged: readonly number[]

  constructor (kind: LogErrorKind, message: string, options: LogErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'LogError'
    this.kind = kind
    this.recordIndex = options.recordIndex
    this.topic = options.topic
    this.acknowledged = options.acknowledged ?? []
  }
}
