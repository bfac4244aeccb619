import { workerEnvironment } from '../../test/helpers/recommender.ts'
import { findMistake } from '../lib/check.ts'
import { workOff } from '../lib/millrace-run.ts'
import { startProcess } from '../lib/processes.ts'
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
      const env = { ...workerEnvironment(services, applicationId, { ...topics, dlq: deadLetterTopic }), ...environment }
      const start = () => Array.from({ length: processes }, () => startProcess(owner, program, env))
      const pace = await workOff({ services, applicationId, records, projects, start })
      const mistake = await findMistake({ services, applicationId, deadLetterTopic, expected })
      return { ...pace, mistake: mistake ?? null }
    }
  }
}
