import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deadLettersOf, readTopic } from '../../test/helpers/recommender.ts'
import { runPeer } from '../lib/peer.ts'
import { kafkaStreamsRecommender, type Guarantee } from '../peers/kafka-streams.ts'
import { findDifference, readRows } from './peer-tables.ts'
import type { Subject } from './subject.ts'

const TIMEOUT_MS = 900_000

/** Kafka Streams in Java, with the tables in its stores. */
export function kafkaStreamsSubject (guarantee: Guarantee, threads = 1): Subject {
  return {
    name: `Kafka Streams, ${guarantee}${threads === 1 ? '' : `, ${threads} threads`}`,
    isPeer: true,
    async run (owner, { services, applicationId, topics, records, expected }) {
      const folder = await mkdtemp(join(tmpdir(), 'throughput-'))
      owner.after(async () => await rm(folder, { recursive: true, force: true }))
      const resultFile = join(folder, 'result.json')
      const peer = await kafkaStreamsRecommender({ services, topics, deadLetterTopic: topics.dlq, applicationId, records, resultFile, guarantee, threads })
      const { recordsPerSecond, cpuMicros, serversCpuMicros, ...run } = await runPeer(owner, peer, { timeoutMs: TIMEOUT_MS })
      const rows = readRows(await readFile(resultFile, 'utf8'))
      const deadLetters = deadLettersOf(await readTopic(services, topics.dlq))
      return {
        ...run,
        eventsPerSecond: recordsPerSecond,
        subjectCpuMicros: cpuMicros,
        postgresCpuMicros: serversCpuMicros,
        postgresTreeCpuMicros: null,
        projectionBehindMs: null,
        mistake: findDifference(rows, deadLetters, expected) ?? null
      }
    }
  }
}
