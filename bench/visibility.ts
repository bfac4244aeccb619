import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { openKafkaLog } from '../streams/runtime.ts'
import { partitionOf } from '../test/helpers/random-log.ts'
import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import { checkRun } from './counting/check.ts'
import { produceOrders } from './counting/log.ts'
import { expectedOf, orders, type OrderRecord, type OrdersOptions } from './counting/orders.ts'
import { readViews } from './counting/read-summaries.ts'
import type { CountingRun } from './counting/subject.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { deleteInternalTopics } from './lib/internal-topics.ts'
import { startTraffic } from './lib/live.ts'
import { owning, type Owner } from './lib/owner.ts'
import { committedRecords, followPositions } from './lib/positions.ts'
import { PARTITIONS } from './lib/race.ts'
import { percentilesOf, round, type Percentiles } from './lib/statistics.ts'
import { kinds, openQueries, startCounting, type Kind, type Look } from './visibility/system.ts'

const SHARE = 0.3
const CUSTOMERS = 10_000
const PROBES_PER_SECOND = 5
const LOOK_EVERY_MS = 5
const GIVE_UP_AFTER_MS = 30_000

/** From a produced order to its customer's summary, at 30 % of the rate that was reached just before. */
export const visibility: Benchmark = {
  name: 'visibility',
  async run (context) {
    const measured: Measured[] = []
    for (const kind of kinds) {
      const one = await owning(kind.name, async owner => await measure(owner, context, kind))
      const { name, perSecond, most, latencies: { count, p50, p99, max } } = one
      context.say(`${name}: at ${perSecond} of ${most} orders/s, ${count} probes: p50 ${p50} p99 ${p99} max ${max} ms${one.mistake === undefined ? '' : `, WRONG (${one.mistake})`}`)
      measured.push(one)
    }
    return resultOf(measured, context)
  }
}

interface Measured {
  readonly name: string
  readonly most: number
  readonly perSecond: number
  readonly latencies: Percentiles
  readonly mistake: string | undefined
}

async function measure (owner: Owner, { services, events, seconds }: Context, kind: Kind): Promise<Measured> {
  const applicationId = freshApplicationId(owner, services)
  owner.after(async () => await deleteInternalTopics(services, applicationId))
  const { orders: topic, dlq: deadLetterTopic } = await freshTopics(owner, services, ['orders', 'dlq'], PARTITIONS)
  const backlog: OrdersOptions = { seed: 1, count: events, partitions: PARTITIONS, customers: CUSTOMERS }
  await produceOrders(services, topic, backlog)
  const run: CountingRun = { services, applicationId, topic, deadLetterTopic, records: events, expected: expectedOf([]) }
  const { child, pid, output, stop } = startCounting(owner, kind, run)
  const stillRuns = (): string | undefined => child.exitCode === null && child.signalCode === null ? undefined : output()
  const { eventsPerSecond: most } = await followPositions({ services, applicationId, pids: [pid], records: events, stillRuns })

  const perSecond = Math.round(most * SHARE)
  const live: OrdersOptions = { ...backlog, seed: 2, count: Number.MAX_SAFE_INTEGER }
  const look = await kind.openLook(owner, run)
  const traffic = startTraffic(services, orders(live).map(record => ({ ...record, topic, offset: -1 })), perSecond)
  const { probes, times } = await probe(owner, run, look, seconds)
  const sent = await traffic.stop()

  await processed(owner, run, events + sent + probes.length)
  await stop()
  const expected = expectedOf(all(orders(backlog), orders({ ...live, count: sent }), probes))
  return { name: kind.name, most: Math.round(most), perSecond, latencies: percentilesOf(times), mistake: await checkRun({ ...run, expected }, await readViews(openQueries(owner, kind.topology, run))) }
}

function * all<T> (...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield * part
}

/** Each is the first order of a customer of its own. */
async function probe (owner: Owner, { services, topic }: CountingRun, look: Look, seconds: number): Promise<{ readonly probes: readonly OrderRecord[], readonly times: readonly number[] }> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-bench-probe' })
  owner.after(async () => await log.close())
  const producer = log.openProducer()
  const probes: OrderRecord[] = []
  const times: number[] = []
  for (const started = performance.now(); performance.now() - started < seconds * 1000;) {
    const order = probeOrder(probes.length)
    probes.push(order)
    const sentAt = performance.now()
    await producer.send([{ ...order, topic, key: Buffer.from(order.key), headers: [] }])
    while (!await look(order.key)) {
      if (performance.now() - sentAt > GIVE_UP_AFTER_MS) throw new Error(`The order of ${order.key} is in no summary after ${GIVE_UP_AFTER_MS} ms.`)
      await sleep(LOOK_EVERY_MS)
    }
    times.push(performance.now() - sentAt)
    // Not in step with anything that happens at fixed times.
    await sleep(1000 / PROBES_PER_SECOND * (0.5 + Math.random()))
  }
  return { probes, times }
}

function probeOrder (number: number): OrderRecord {
  const key = `probe-${number}`
  const timestamp = Date.now()
  return { partition: partitionOf(key, PARTITIONS), key, timestamp, value: Buffer.from(JSON.stringify({ customer: key, amountCents: 100, placedAt: timestamp })) }
}

async function processed (owner: Owner, { services, applicationId }: CountingRun, records: number): Promise<void> {
  const client = new Client({ connectionString: services.postgres, application_name: 'bench' })
  await client.connect()
  owner.after(async () => await client.end())
  for (const deadline = Date.now() + GIVE_UP_AFTER_MS; await committedRecords(client, applicationId) < records;) {
    if (Date.now() > deadline) throw new Error(`The last of ${records} orders are not committed ${GIVE_UP_AFTER_MS} ms after they were sent.`)
    await sleep(LOOK_EVERY_MS)
  }
}

function resultOf (measured: readonly Measured[], { seconds }: Context): Result {
  const mistakes = measured.flatMap(({ name, mistake }) => mistake === undefined ? [] : [`${name}: ${mistake}`])
  return {
    correct: mistakes.length === 0,
    mistakes,
    numbers: measured,
    tables: [{
      title: `Visibility: from sending an order to its customer's summary, at ${round(SHARE * 100)} % of the maximum rate for ${seconds} s`,
      rows: [
        ['Millrace', 'orders/s', 'of', 'probes', 'p50', 'p99', 'max', 'summaries and dead letters'],
        ...measured.map(({ name, perSecond, most, latencies: { count, p50, p99, max }, mistake }) =>
          [name, perSecond.toLocaleString('en'), most.toLocaleString('en'), String(count), ...[p50, p99, max].map(ms => `${ms} ms`), mistake === undefined ? 'as the model' : 'WRONG'])
      ],
      notes: [`The maximum is what the same worker reached over the backlog just before. The time has the broker's acknowledgement and the question in it, which is asked every ${LOOK_EVERY_MS} ms; a unit that is not full begins at most every 50 ms.`]
    }]
  }
}
