import { mkdtemp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RecommenderTopics } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'
import type { Peer } from '../lib/peer.ts'
import { requireBuild } from './kafka-streams/build.ts'

export type Guarantee = 'at_least_once' | 'exactly_once_v2'

export interface KafkaStreamsOptions {
  readonly services: Services
  readonly deadLetterTopic: string
  /** Its internal topics begin with it, see `deleteInternalTopics`. */
  readonly applicationId: string
  /** How many lie in the topics that it reads. */
  readonly records: number
  /** Its state lies in a new folder beside it. */
  readonly resultFile: string
  readonly guarantee: Guarantee
  /** 1, if left out. */
  readonly threads?: number
}

/** The heap; what RocksDB takes comes on top. */
const MEMORY = '-Xmx512m'
/** Kafka Streams would take 100 ms for exactly_once_v2 and 30 s for at_least_once. */
const COMMIT_INTERVAL_MS = 1_000
/** As Millrace's; by itself it would count a process as alive for 45 s after its last heartbeat. */
const SESSION_TIMEOUT_MS = 10_000

/** Work B. A line of its result is `{ key, count, sum, min, max, lastAt }`. */
export async function kafkaStreamsCounting ({ topic, ...options }: KafkaStreamsOptions & { readonly topic: string }): Promise<Peer> {
  return await peerOf('Counting', [topic], options)
}

/**
 * Work A. A line of its result is a row of one of the contract's tables: its columns, and `table`; of the log tables the event ids alone,
 * for an event is kept whole, as it came.
 */
export async function kafkaStreamsRecommender ({ topics: { impression, watch, event }, ...options }: KafkaStreamsOptions & { readonly topics: Omit<RecommenderTopics, 'dlq'> }): Promise<Peer> {
  return await peerOf('Recommender', [impression, watch, event], options)
}

/** Work C. A line of its result is a row of one of the tables of bench/windows/topology.ts: `{ table: 'windows', product, start, count, sum }` or `{ table: 'matches', product, count, sum }`. */
export async function kafkaStreamsWindows ({ topics: { views, sales }, ...options }: KafkaStreamsOptions & { readonly topics: { readonly views: string, readonly sales: string } }): Promise<Peer> {
  return await peerOf('Windows', [views, sales], options)
}

export function kafkaStreamsName (guarantee: Guarantee, threads: number): string {
  return `Kafka Streams, ${guarantee}${threads === 1 ? '' : `, ${threads} threads`}`
}

async function peerOf (
  main: string, topics: readonly string[], { services, deadLetterTopic, applicationId, records, resultFile, guarantee, threads = 1 }: KafkaStreamsOptions
): Promise<Peer> {
  const { java, classPath } = await requireBuild()
  return {
    name: kafkaStreamsName(guarantee, threads),
    command: java,
    words: [MEMORY, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classPath, `millrace.bench.${main}`],
    environment: {
      KAFKA_BOOTSTRAP: services.kafka,
      APPLICATION_ID: applicationId,
      TOPICS: topics.join(','),
      DEAD_LETTER_TOPIC: deadLetterTopic,
      RECORDS: String(records),
      GUARANTEE: guarantee,
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
      THREADS: String(threads),
      STATE_DIRECTORY: await mkdtemp(join(dirname(resultFile), 'kafka-streams-')),
      RESULT_FILE: resultFile
    }
  }
}
