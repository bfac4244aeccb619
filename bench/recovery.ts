import { produceOrders } from './counting/log.ts'
import { expectedOf, orders, type OrdersOptions } from './counting/orders.ts'
import type { CountingRun } from './counting/subject.ts'
import { messageOf } from '../streams/index.ts'
import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import type { Benchmark, Context, Result, Table } from './lib/benchmark.ts'
import { deleteInternalTopics } from './lib/internal-topics.ts'
import { owning } from './lib/owner.ts'
import { PARTITIONS } from './lib/race.ts'
import { median, round } from './lib/statistics.ts'
import { kafkaStreamsRecovery } from './recovery/kafka-streams.ts'
import { restarted, restartedByName, takenOver } from './recovery/millrace.ts'
import type { Recovered, RecoverySubject } from './recovery/subject.ts'

const subjects: readonly RecoverySubject[] = [restartedByName, restarted, takenOver, kafkaStreamsRecovery('at_least_once'), kafkaStreamsRecovery('exactly_once_v2')]

/** From kill -9 to progress, in the middle of the counting. The subjects take turns. */
export const recovery: Benchmark = { name: 'recovery', run: compare }

interface Run {
  readonly subject: string
  readonly recovered?: Recovered
  readonly problem?: string
}

async function compare (context: Context): Promise<Result> {
  return await owning('recovery', async owner => {
    const { services, events, repeats, say } = context
    const options: OrdersOptions = { seed: 1, count: events, partitions: PARTITIONS, customers: 10_000 }
    const { orders: topic } = await freshTopics(owner, services, ['orders'], PARTITIONS)
    await produceOrders(services, topic, options)
    const expected = expectedOf(orders(options))

    const runs: Run[] = []
    for (let round = 0; round < repeats; round++) {
      for (const subject of subjects) {
        const run = await runOnce(subject, { services, topic, records: events, expected })
        say(`${subject.name}: ${run.recovered === undefined ? `did not run: ${run.problem}` : `${shown(run.recovered.ms)} s${run.recovered.mistake == null ? '' : `, WRONG (${run.recovered.mistake})`}`}`)
        runs.push(run)
      }
    }
    const mistakes = runs.flatMap(({ subject, recovered }) => typeof recovered?.mistake === 'string' ? [`${subject}: ${recovered.mistake}`] : [])
    return { correct: mistakes.length === 0, mistakes, numbers: { events, runs }, tables: [tableOf(runs, events)] }
  })
}

async function runOnce (subject: RecoverySubject, ground: Omit<CountingRun, 'applicationId' | 'deadLetterTopic'>): Promise<Run> {
  return await owning(subject.name, async owner => {
    const applicationId = freshApplicationId(owner, ground.services)
    owner.after(async () => await deleteInternalTopics(ground.services, applicationId))
    const { dlq } = await freshTopics(owner, ground.services, ['dlq'], PARTITIONS)
    try {
      return { subject: subject.name, recovered: await subject.run(owner, { ...ground, applicationId, deadLetterTopic: dlq }) }
    } catch (error) {
      if (!subject.isPeer) throw error
      return { subject: subject.name, problem: messageOf(error) }
    }
  })
}

function tableOf (runs: readonly Run[], events: number): Table {
  return {
    title: `Recovery: kill -9 in the middle of counting ${events.toLocaleString('en')} orders`,
    rows: [
      ['subject', 'to progress (median)', 'fastest – slowest', 'summaries and dead letters in the end'],
      ...[...Map.groupBy(runs, ({ subject }) => subject)].map(([subject, mine]) => {
        const recovered = mine.flatMap(({ recovered }) => recovered ?? [])
        const times = recovered.map(({ ms }) => ms)
        if (times.length === 0) return [subject, '–', '–', `did not run: ${mine[0]?.problem?.split('\n')[0]}`]
        const isChecked = recovered.every(({ mistake }) => mistake !== undefined)
        return [subject, `${shown(median(times))} s`, `${shown(Math.min(...times))} – ${shown(Math.max(...times))} s`, !isChecked ? 'not looked at' : recovered.every(({ mistake }) => mistake === null) ? 'as the model' : 'WRONG']
      })
    ],
    notes: [
      'With the start of the new process. Of Millrace until the committed position of every partition has moved, of Kafka Streams until the first records are worked off, on the same state directory. Session timeout 10 s for all (Kafka Streams\' default is 45 s): who comes back without a name of its own, and who takes over, waits until the group has given the dead one up.'
    ]
  }
}

function shown (ms: number): number {
  return round(ms / 1000, 1)
}
