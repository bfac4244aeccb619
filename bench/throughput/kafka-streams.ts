import { readFile } from 'node:fs/promises'
import { deadLettersOf, readTopic } from '../../test/helpers/recommender.ts'
import { runPeer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { kafkaStreamsName, kafkaStreamsRecommender, type Guarantee } from '../peers/kafka-streams.ts'
import { findDifference, readRows } from './peer-tables.ts'
import type { RecommenderSubject } from './subject.ts'

const TIMEOUT_MS = 900_000

export const KAFKA_STREAMS_NOTES = [
  'Kafka Streams 4.1.2 (Java, RocksDB, changelogs in Kafka, one thread where no number stands, heap of 512 MB) starts with a cold JVM. It commits each second: its last commit comes up to a second after its last record, and up to two with exactly_once_v2, where only committed records are seen behind a repartition topic; the more events, the less that counts.',
  'It keeps each watch and impression whole, as it came, under its event id, in a store and its changelog: no row is in Postgres, and none can be found by user or request. What is counted by item goes through two repartition topics, whose records are worked off too before the last commit counts. Of the log tables the event ids are compared with the model, of the others every row.'
]

/** Kafka Streams in Java, with the tables in its stores. */
export function kafkaStreamsSubject (guarantee: Guarantee, threads = 1): RecommenderSubject {
  return {
    name: kafkaStreamsName(guarantee, threads),
    isPeer: true,
    async run (owner, { services, applicationId, deadLetterTopic, topics, records, expected }) {
      const resultFile = await freshResultFile(owner)
      const peer = await kafkaStreamsRecommender({ services, topics, deadLetterTopic, applicationId, records, resultFile, guarantee, threads })
      const run = await runPeer(owner, peer, { timeoutMs: TIMEOUT_MS })
      const rows = readRows(await readFile(resultFile, 'utf8'))
      const deadLetters = deadLettersOf(await readTopic(services, deadLetterTopic))
      return outcomeOf(run, findDifference(rows, deadLetters, expected))
    }
  }
}
