import { projectionLevel } from '../../test/helpers/projection.ts'
import { workerEnvironment } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'
import { findMistake } from '../lib/check.ts'
import { followPositions } from '../lib/positions.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'
import type { RecommenderSubject } from './subject.ts'

export interface Program {
  readonly name: string
  readonly program: string
  readonly processes: number
  readonly projects: boolean
}

/** A program of this repository, whose positions in Postgres tell how far it is. */
export function programSubject ({ name, program, processes, projects }: Program): RecommenderSubject {
  return {
    name,
    isPeer: false,
    async run (owner, { services, applicationId, deadLetterTopic, topics, records, expected, environment }) {
      const startedAt = performance.now()
      const env = { ...workerEnvironment(services, applicationId, { ...topics, dlq: deadLetterTopic }), ...environment }
      const started = Array.from({ length: processes }, () => startProcess(owner, program, env))
      const pace = await followPositions({ services, applicationId, pids: started.map(({ pid }) => pid), records, stillRuns: () => firstEnded(started) })
      const wallSeconds = (performance.now() - startedAt) / 1000
      const projectionBehindMs = projects ? await levelAfter(services, applicationId) : null
      for (const { stop } of started) await stop()
      const mistake = await findMistake({ services, applicationId, deadLetterTopic, expected })
      return { ...pace, wallSeconds, projectionBehindMs, mistake: mistake ?? null }
    }
  }
}

async function levelAfter (services: Services, applicationId: string): Promise<number> {
  const from = performance.now()
  await projectionLevel(services, applicationId)
  return performance.now() - from
}

function firstEnded (processes: readonly StartedProcess[]): string | undefined {
  return processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)?.output()
}
