import { messageOf } from '../streams/index.ts'
import { runModel, type ModelResult } from '../test/helpers/model.ts'
import { modelSettings, produce, type RecommenderTopics } from '../test/helpers/recommender.ts'
import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { createLog } from './lib/events.ts'
import { deleteInternalTopics } from './lib/internal-topics.ts'
import { owning } from './lib/owner.ts'
import { settle } from './lib/settle.ts'
import { kafkaStreamsSubject } from './throughput/kafka-streams.ts'
import { programSubject } from './throughput/program.ts'
import { describeRun, summaryOf, tableOf, type Run } from './throughput/report.ts'
import type { Subject } from './throughput/subject.ts'

export const oneWorker = programSubject({ name: 'one worker', program: 'bin/worker.ts', processes: 1, projects: true })
export const twoWorkers = programSubject({ name: 'two workers', program: 'bin/worker.ts', processes: 2, projects: true })
/** What a loop written by hand for this one topology reaches: see floor/loop.ts. */
export const floor = programSubject({ name: 'floor', program: 'bench/floor/loop.ts', processes: 1, projects: false })
export const kafkaStreams = [kafkaStreamsSubject('at_least_once'), kafkaStreamsSubject('exactly_once_v2')]

/** How fast a log that is there already is worked off. The subjects take turns, so that a busy machine slows all of them. */
export const throughput: Benchmark = { name: 'throughput', run: async context => await compare(context, [oneWorker, floor, twoWorkers, ...kafkaStreams]) }

export async function compare (context: Context, subjects: readonly Subject[]): Promise<Result> {
  return await owning('throughput', async owner => {
    const { services, events, repeats, say } = context
    const topics = await freshTopics(owner, services, ['impression', 'watch', 'event'], 6)
    const settings = modelSettings({ ...topics, dlq: '' })
    const records = createLog(events, { seed: 1, settings })
    await produce(services, records)
    const expected = runModel(records, settings)
    say(`${events} events produced; the model is ready`)

    const runs: Run[] = []
    for (let round = 0; round < repeats; round++) {
      for (const subject of subjects) {
        // What could not be run once is not tried again.
        if (runs.some(run => run.subject === subject.name && run.problem !== undefined)) continue
        const run = await measure({ context, subject, topics, expected })
        say(describeRun(run))
        runs.push(run)
      }
    }
    const mistakes = runs.flatMap(({ subject, outcome }) => typeof outcome?.mistake === 'string' ? [`${subject}: ${outcome.mistake}`] : [])
    return { correct: mistakes.length === 0, mistakes, numbers: { events, summary: summaryOf(runs), runs }, tables: [tableOf(runs, events, floor.name)] }
  })
}

interface Measured {
  readonly context: Context
  readonly subject: Subject
  readonly topics: Omit<RecommenderTopics, 'dlq'>
  readonly expected: ModelResult
}

async function measure ({ context: { services, events, profile }, subject, topics, expected }: Measured): Promise<Run> {
  return await owning(subject.name, async owner => {
    const applicationId = freshApplicationId(owner, services)
    owner.after(async () => await deleteInternalTopics(services, applicationId))
    const { dlq } = await freshTopics(owner, services, ['dlq'], 6)
    await settle(services.postgres)
    try {
      const outcome = await subject.run(owner, { services, applicationId, topics: { ...topics, dlq }, records: events, expected, environment: profiling(profile) })
      return { subject: subject.name, outcome }
    } catch (error) {
      if (!subject.isPeer) throw error
      return { subject: subject.name, problem: messageOf(error) }
    }
  })
}

export function profiling (directory: string | undefined): Record<string, string> {
  return directory === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` }
}
