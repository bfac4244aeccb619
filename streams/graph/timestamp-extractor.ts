import type { LogRecord } from '../log/log.ts'

/** A record as an extractor sees it: key and value decoded, the timestamp that of the log. */
export interface ExtractedFrom<K, V> extends Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers'> {
  readonly key: K | null
  readonly value: V | null
}

/**
 * The time of a record; Kafka Streams' `TimestampExtractor`. A negative one drops the record, and that is counted; a failure is one of the
 * record. `partitionTime` is the largest time taken of this partition so far, −1 before the first; after a restart it goes on from the task's
 * stream time as committed, which of several topics is that of the furthest. What cannot be decoded is not given to it, and keeps its own time.
 */
export type TimestampExtractor<K = unknown, V = unknown> = (record: ExtractedFrom<K, V>, partitionTime: number) => number

/** The record's own; a negative one is an error of the record. */
export function failOnInvalidTimestamp ({ topic, partition, offset, timestamp }: ExtractedFrom<unknown, unknown>): number {
  if (timestamp >= 0) return timestamp
  throw new RangeError(`Record ${topic}-${partition}@${offset} has the negative timestamp ${timestamp}; write it with one, or give the source another timestampExtractor.`)
}

/** The record's own; one with a negative timestamp is dropped, and counted. */
export function logAndSkipOnInvalidTimestamp ({ timestamp }: ExtractedFrom<unknown, unknown>): number {
  return timestamp
}

/** The record's own; instead of a negative one the time of its partition. Before there is any it is an error of the record. */
export function usePartitionTimeOnInvalidTimestamp ({ topic, partition, offset, timestamp }: ExtractedFrom<unknown, unknown>, partitionTime: number): number {
  if (timestamp >= 0) return timestamp
  if (partitionTime >= 0) return partitionTime
  throw new RangeError(`Record ${topic}-${partition}@${offset} has the negative timestamp ${timestamp}, and nothing before it in its partition has a time to use instead.`)
}
