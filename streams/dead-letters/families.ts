import type { LogHeader } from '../log/log.ts'

/**
 * The families of headers that say why a record is dead: ours, the broker's (share groups), Kafka Streams', Spring's and Kafka
 * Connect's. On Spring's retry path the same facts have other names.
 */
export const OWN = '__millrace.errors.'
export const SHARE_GROUP = '__dlq.errors.'
export const KAFKA_STREAMS = '__streams.errors.'
export const SPRING = 'kafka_dlt-'
export const SPRING_RETRY = 'kafka_'
export const CONNECT = '__connect.errors.'

/** What a replayed record bears, so that its next dead letter is known to be the same one. */
export const REPLAY = '__millrace.replay.'

const ERROR_PREFIXES = [OWN, REPLAY, SHARE_GROUP, KAFKA_STREAMS, SPRING, CONNECT, 'kafka_original-', 'kafka_exception-', 'kafka_key-exception-']
const RETRY_PREFIX = 'retry_topic-'

/** A record's own headers: without what was said of earlier failures, which would grow with each round until no topic takes the record. */
export function withoutErrors (headers: readonly LogHeader[]): LogHeader[] {
  return headers.filter(([name]) => !ERROR_PREFIXES.some(prefix => name.startsWith(prefix)))
}

/** As its first reader saw it: without the counts of retries, too. */
export function withoutRetries (headers: readonly LogHeader[]): LogHeader[] {
  return headers.filter(([name]) => !name.startsWith(RETRY_PREFIX))
}
