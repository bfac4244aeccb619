import { runModel } from '../test/helpers/model.ts'
import { modelSettings, produce } from '../test/helpers/recommender.ts'
import { freshTopics } from '../test/helpers/services.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { createLog } from './lib/events.ts'
import { owning } from './lib/owner.ts'
import { mistakesOf, PARTITIONS, race, type Run } from './lib/race.ts'
import { summaryOf, tableOf, type Report } from './lib/race-report.ts'
import { KAFKA_STREAMS_NOTES, kafkaStreamsSubject } from './throughput/kafka-streams.ts'
import { programSubject } from './throughput/program.ts'
import type { RecommenderSubject } from './throughput/subject.ts'

export const oneWorker = programSubject({ name: 'one worker', program: 'bin/worker.ts', processes: 1, projects: true })
export const twoWorkers = programSubject({ name: 'two workers', program: 'bin/worker.ts', processes: 2, projects: true })
/** What a loop written by hand for this one topology reaches: see floor/loop.ts. */
export const floor = programSubject({ name: 'floor', program: 'bench/floor/loop.ts', processes: 1, projects: false })
export const kafkaStreams = [kafkaStreamsSubject('at_least_once'), kafkaStreamsSubject('exactly_once_v2'), kafkaStreamsSubject('at_least_once', 2)]

/** How fast a log that is there already is worked off. The subjects take turns, so that a busy machine slows all of them. */
export const throughput: Benchmark = { name: 'throughput', events: 300_000, run: async context => await compare(context, [oneWorker, floor, twoWorkers, ...kafkaStreams]) }

/** The same where a JVM has time to get warm. */
export const warm: Benchmark = { name: 'warm', events: 2_000_000, run: async context => await compare(context, [oneWorker, ...kafkaStreams.slice(0, 2)]) }

export async function compare (context: Context, subjects: readonly RecommenderSubject[]): Promise<Result> {
  const runs = await raceOn(context, subjects)
  const mistakes = mistakesOf(runs)
  return { correct: mistakes.length === 0, mistakes, numbers: { events: context.events, summary: summaryOf(runs), runs }, tables: [tableOf(runs, reportOf(context.events, subjects))] }
}

/** The subjects in turns over one log of `events`. */
export async function raceOn (context: Context, subjects: readonly RecommenderSubject[]): Promise<readonly Run[]> {
  return await owning('throughput', async owner => {
    const { services, events, profile, say } = context
    const topics = await freshTopics(owner, services, ['impression', 'watch', 'event'], PARTITIONS)
    const settings = modelSettings({ ...topics, dlq: '' })
    const records = createLog(events, { seed: 1, settings })
    await produce(services, records)
    const expected = runModel(records, settings)
    say(`${events} events produced; the model is ready`)
    return await race(context, subjects, { topics, records: events, expected, environment: profiling(profile) })
  })
}

function reportOf (events: number, subjects: readonly RecommenderSubject[]): Report {
  return {
    title: `Throughput: ${events.toLocaleString('en')} events, 85 % watches, 15 % impressions of ten items, six partitions`,
    reference: [floor.name, 'of the floor'],
    notes: [
      'Postgres is its backends for the subject; checkpointer, WAL writer and autovacuum come on top (in the JSON).',
      'The floor is a loop written by hand for this topology, with none of the fencing, rebalancing, cache bound and repair of the worker.',
      ...(subjects.some(subject => kafkaStreams.includes(subject)) ? KAFKA_STREAMS_NOTES : [])
    ]
  }
}

export function profiling (directory: string | undefined): Record<string, string> {
  return directory === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` }
}
