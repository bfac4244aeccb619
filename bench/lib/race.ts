import { messageOf } from '../../streams/index.ts'
import { freshApplicationId, freshTopics, type Services } from '../../test/helpers/services.ts'
import type { Context } from './benchmark.ts'
import { deleteInternalTopics } from './internal-topics.ts'
import { owning, type Owner } from './owner.ts'
import type { Pace } from './positions.ts'
import { describeRun } from './race-report.ts'
import { settle } from './settle.ts'

/** What each run has new. */
export interface Fresh {
  readonly services: Services
  readonly applicationId: string
  readonly deadLetterTopic: string
}

export interface Outcome extends Pace {
  /** From the start of the process. */
  readonly wallSeconds: number
  /** From the last position to a projection that vouches for all of it. */
  readonly projectionBehindMs: number | null
  /** How its result differs from the model's. */
  readonly mistake: string | null
}

/** Somebody who works off a log that is full. */
export interface Subject<Ground> {
  readonly name: string
  /** Of a peer that cannot be installed or run the table says why; one of ours has to run. */
  readonly isPeer: boolean
  /** Rejects where it cannot be run to its end. */
  readonly run: (owner: Owner, ground: Ground & Fresh) => Promise<Outcome>
}

export interface Run {
  readonly subject: string
  /** Left out where it could not be run. */
  readonly outcome?: Outcome
  /** Why it could not be run. */
  readonly problem?: string
}

export const PARTITIONS = 6

/** Runs the subjects in turns, so that a busy machine slows all of them. */
export async function race<Ground> (context: Context, subjects: readonly Subject<Ground>[], ground: Ground): Promise<readonly Run[]> {
  const { services, repeats, say } = context
  const runs: Run[] = []
  for (let round = 0; round < repeats; round++) {
    for (const subject of subjects) {
      // What could not be run once is not tried again.
      if (runs.some(run => run.subject === subject.name && run.problem !== undefined)) continue
      const run = await runOnce(services, subject, ground)
      say(describeRun(run))
      runs.push(run)
    }
  }
  return runs
}

export function mistakesOf (runs: readonly Run[]): readonly string[] {
  return runs.flatMap(({ subject, outcome }) => typeof outcome?.mistake === 'string' ? [`${subject}: ${outcome.mistake}`] : [])
}

async function runOnce<Ground> (services: Services, subject: Subject<Ground>, ground: Ground): Promise<Run> {
  return await owning(subject.name, async owner => {
    const applicationId = freshApplicationId(owner, services)
    owner.after(async () => await deleteInternalTopics(services, applicationId))
    const { dlq } = await freshTopics(owner, services, ['dlq'], PARTITIONS)
    await settle(services.postgres)
    try {
      return { subject: subject.name, outcome: await subject.run(owner, { ...ground, services, applicationId, deadLetterTopic: dlq }) }
    } catch (error) {
      if (!subject.isPeer) throw error
      return { subject: subject.name, problem: messageOf(error) }
    }
  })
}
