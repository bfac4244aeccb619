import { freshTopics } from '../test/helpers/services.ts'
import { floor } from './counting/floor-subject.ts'
import { produceOrders } from './counting/log.ts'
import { millrace, millraceInMemory, millraceProjected } from './counting/millrace.ts'
import { expectedOf, orders, type OrdersOptions } from './counting/orders.ts'
import { kafkaStreamsAtLeastOnce, peers } from './counting/peers.ts'
import type { CountingSubject } from './counting/subject.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { owning } from './lib/owner.ts'
import { mistakesOf, PARTITIONS, race } from './lib/race.ts'
import { summaryOf, tableOf, type Report } from './lib/race-report.ts'

const subjects: readonly CountingSubject[] = [millraceInMemory, millrace, millraceProjected, floor, ...peers]

/** How fast the orders of a log that is there already are counted and summed up by customer. The subjects take turns. */
export const counting: Benchmark = { name: 'counting', events: 1_000_000, run: compare }

const CUSTOMERS = 10_000

async function compare (context: Context): Promise<Result> {
  return await owning('counting', async owner => {
    const { services, events, say } = context
    const options: OrdersOptions = { seed: 1, count: events, partitions: PARTITIONS, customers: CUSTOMERS }
    const { orders: topic } = await freshTopics(owner, services, ['orders'], PARTITIONS)
    await produceOrders(services, topic, options)
    const expected = expectedOf(orders(options))
    say(`${events} orders produced; the model is ready: ${expected.summaries.size} customers, ${expected.deadLetters.length} invalid`)

    const runs = await race(context, subjects, { topic, records: events, expected })
    const mistakes = mistakesOf(runs)
    return { correct: mistakes.length === 0, mistakes, numbers: { events, summary: summaryOf(runs), runs }, tables: [tableOf(runs, reportOf(options))] }
  })
}

function reportOf ({ count, customers, partitions }: OrdersOptions): Report {
  return {
    title: `Counting: ${count.toLocaleString('en')} orders of 300 bytes, ${customers.toLocaleString('en')} customers by Zipf, ${partitions} partitions`,
    reference: [kafkaStreamsAtLeastOnce.name, 'of Kafka Streams'],
    notes: [
      'One in a hundred orders is invalid and goes to the dead letters; of the others count, sum, smallest, largest and latest by customer. Everybody commits each second or more often. All summaries and dead letters are compared with the model.',
      'Millrace with its state in memory has Kafka for its log and nothing else: positions and state are lost with the process, one that begins again begins at the start of the log, and there can be one worker only. Kafka Streams, Quix Streams and Faust (RocksDB) and Goka (LevelDB) keep theirs on disk and in a changelog topic, whose cost to the broker is in the whole machine alone.',
      'The floor is a loop written by hand for this work: the same reader of the log, all summaries in memory, changed rows and positions written in one transaction each second. It has no membership, no fencing, no bound on memory and no state from before its start.'
    ]
  }
}
