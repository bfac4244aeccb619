import { projectionLevel } from '../../test/helpers/projection.ts'
import { workerEnvironment } from '../../test/helpers/recommender.ts'
import { findMistake } from '../lib/check.ts'
import { followPositions } from '../lib/positions.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'
import type { Ground, Subject } from './subject.ts'

export interface Program {
  readonly name: string
  readonly program: string
  readonly processes: number
  readonly projects: boolean
}

/** A program of this repository, whose positions in Postgres tell how far it is. */
export function programSubject ({ name, program, processes, projects }: Program): Subject {
  return {
    name,
    isPeer: false,
    async run (owner, ground) {
      const { services, applicationId, topics, records, expected, environment } = ground
      const startedAt = performance.now()
      const env = { ...workerEnvironment(services, applicationId, topics), ...environment }
      const started = Array.from({ length: processes }, () => startProcess(owner, program, env))
      const pace = await followPositions({ services, applicationId, pids: started.map(({ pid }) => pid), records, stillRuns: () => firstEnded(started) })
      const wallSeconds = (performance.now() - startedAt) / 1000
      const projectionBehindMs = projects ? await levelAfter(ground) : null
      for (const { stop } of started) await stop()
      const mistake = await findMistake({ services, applicationId, deadLetterTopic: topics.dlq, expected })
      return { ...pace, wallSeconds, projectionBehindMs, mistake: mistake ?? null }
    }
  }
}

async function levelAfter ({ services, applicationId }: Ground): Promise<number> {
  const from = performance.now()
  await projectionLevel(services, applicationId)
  return performance.now() - from
}

function firstEnded (processes: readonly StartedProcess[]): string | undefined {
  return processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)?.output()
}
