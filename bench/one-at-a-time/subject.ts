import { fileURLToPath } from 'node:url'
import { workerEnvironment } from '../../test/helpers/recommender.ts'
import { openBackendsMeter } from '../lib/backends.ts'
import { findMistake } from '../lib/check.ts'
import { runPeer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import type { RecommenderSubject } from '../throughput/subject.ts'

const TIMEOUT_MS = 300_000

/** A program of this folder. */
export function loopSubject (name: string, program: string): RecommenderSubject {
  return {
    name,
    isPeer: false,
    async run (owner, { services, applicationId, deadLetterTopic, topics, records, expected, environment }) {
      const pace = await runPeer(owner, {
        name,
        command: process.execPath,
        words: [fileURLToPath(new URL(program, import.meta.url))],
        environment: { ...workerEnvironment(services, applicationId, { ...topics, dlq: deadLetterTopic }), ...environment, RECORDS: String(records) }
      }, { timeoutMs: TIMEOUT_MS, serversCpu: await openBackendsMeter(owner, services, applicationId) })
      return outcomeOf(pace, await findMistake({ services, applicationId, deadLetterTopic, expected }))
    }
  }
}
