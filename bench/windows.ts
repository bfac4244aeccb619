import { freshTopics } from '../test/helpers/services.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { owning } from './lib/owner.ts'
import { produceAll } from './lib/produce.ts'
import { mistakesOf, PARTITIONS, race } from './lib/race.ts'
import { summaryOf, tableOf, type Report } from './lib/race-report.ts'
import { kafkaStreamsSubject } from './windows/kafka-streams.ts'
import { viewsAndSales, type WindowsLogOptions } from './windows/log.ts'
import { millrace, millraceInMemory } from './windows/millrace.ts'
import { totalsOf, type Totals } from './windows/model.ts'
import type { WindowsSubject } from './windows/subject.ts'

const javaAtLeastOnce = kafkaStreamsSubject('at_least_once')
const subjects: readonly WindowsSubject[] = [millraceInMemory, millrace, javaAtLeastOnce, kafkaStreamsSubject('exactly_once_v2')]

/** Hopping windows and a join of two streams, over logs that are there already. The subjects take turns. */
export const windows: Benchmark = { name: 'windows', events: 500_000, run: compare }

const PRODUCTS = 10_000

async function compare (context: Context): Promise<Result> {
  return await owning('windows', async owner => {
    const { services, events, say } = context
    const options: WindowsLogOptions = { seed: 1, count: events, partitions: PARTITIONS, products: PRODUCTS }
    const topics = await freshTopics(owner, services, ['views', 'sales'], PARTITIONS)
    await produceAll(services, viewsAndSales(options).map(({ side, partition, product, timestamp, value }) => ({
      topic: topics[side], partition, key: Buffer.from(product), value, timestamp, headers: []
    })))
    const expected = totalsOf(viewsAndSales(options))
    say(`${events} views and ${events} sales produced; the model is ready: ${expected.windows.size} windows, ${pairsOf(expected)} pairs`)

    const records = 2 * events
    const runs = await race(context, subjects, { topics, records, expected })
    const mistakes = mistakesOf(runs)
    return { correct: mistakes.length === 0, mistakes, numbers: { records, summary: summaryOf(runs), runs }, tables: [tableOf(runs, reportOf(options, expected))] }
  })
}

function pairsOf ({ matches }: Totals): number {
  return matches.values().reduce((sum, { count }) => sum + count, 0)
}

function reportOf ({ count, products, partitions }: WindowsLogOptions, expected: Totals): Report {
  const shown = (number: number): string => number.toLocaleString('en')
  return {
    title: `Windows and joins: ${shown(count)} views and ${shown(count)} sales of ${shown(products)} products, ${partitions} partitions`,
    reference: [javaAtLeastOnce.name, 'of Kafka Streams'],
    notes: [
      `Of the sales count and sum by product in hopping windows of 60 s that advance by 20 s, grace 10 s: ${shown(expected.windows.size)} windows in the end. Views joined with sales of the same product at most 30 s apart, grace 10 s: ${shown(pairsOf(expected))} pairs, counted and summed up by product. ` +
        'Timestamps are up to 5 s out of order; both engines merge the two topics by timestamp and wait for what the broker has, so no record is too late for either and the result does not depend on the order. All windows and sums are compared with the model.',
      'Kafka Streams 4.1.2 (Java, RocksDB, changelogs in Kafka, one thread, heap of 512 MB) starts with a cold JVM and commits each second; Millrace commits at least as often.'
    ]
  }
}
