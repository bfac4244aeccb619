import { setTimeout as sleep } from 'node:timers/promises'
import { projectionLevel } from '../test/helpers/projection.ts'
import type { ModelRecord } from '../test/helpers/model.ts'
import { produce } from '../test/helpers/recommender.ts'
import { partitionOf } from '../test/helpers/random-log.ts'
import { openKafkaLog } from '../streams/runtime.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { createLog, mixedEvents } from './lib/events.ts'
import { findMistakeInLive, processed, startSystem, startTraffic, toOutgoing, type System } from './lib/live.ts'
import { owning, type Owner } from './lib/owner.ts'
import { percentilesOf } from './lib/statistics.ts'
import { profiling } from './throughput.ts'

const EVENTS_PER_SECOND = 500
const PROBES_PER_SECOND = 3.4
const POLL_EVERY_MS = 10
const GIVE_UP_AFTER_MS = 10_000
/** So that the popular items exist and everything has run before. */
const WARM_UP_EVENTS = 5_000

/** From an acknowledged watch to an answer of /reco that knows of it. */
export const freshness: Benchmark = {
  name: 'freshness',
  run: async context => await owning('freshness', async owner => await run(owner, context))
}

async function run (owner: Owner, context: Context): Promise<Result> {
  const { services, seconds, say, profile } = context
  const system = await startSystem(owner, context, profiling(profile))
  const warmUp = createLog(WARM_UP_EVENTS, { seed: 2, settings: system.settings })
  await produce(services, warmUp)
  await processed(system, warmUp.length)
  await projectionLevel(services, system.applicationId)

  const traffic = startTraffic(services, mixedEvents({ seed: 3, settings: system.settings, now: Date.now }), EVENTS_PER_SECOND)
  const { fromAcknowledgement, fromSending, lost } = await probe(owner, system, seconds)
  const sent = await traffic.stop()

  const records = warmUp.length + sent + fromSending.length + lost
  await processed(system, records)
  const mistake = await findMistakeInLive(system, records)
  const mistakes = [...(mistake === undefined ? [] : [mistake]), ...(lost === 0 ? [] : [`${lost} watches were not in any answer within ${GIVE_UP_AFTER_MS} ms`])]
  const acknowledged = percentilesOf(fromAcknowledgement)
  const whole = percentilesOf(fromSending)
  say(`${sent} events in ${seconds} s beside ${acknowledged.count} probes: p50 ${acknowledged.p50} p95 ${acknowledged.p95} p99 ${acknowledged.p99} max ${acknowledged.max} ms`)
  return {
    correct: mistakes.length === 0,
    mistakes,
    numbers: { eventsPerSecond: EVENTS_PER_SECOND, seconds, sent, probes: acknowledged.count, fromAcknowledgementMs: acknowledged, fromSendingMs: whole },
    tables: [{
      title: `Freshness: from a watch to a changed /reco, at ${EVENTS_PER_SECOND} events/s for ${seconds} s`,
      rows: [
        ['from', 'probes', 'p50', 'p95', 'p99', 'max'],
        ...[['the broker\'s acknowledgement', acknowledged] as const, ['sending', whole] as const].map(([from, each]) => [from, String(each.count), ...[each.p50, each.p95, each.p99, each.max].map(value => `${value} ms`)])
      ],
      notes: [`A user nobody has seen watches the most popular item; the answer that leaves it out knows. Asked every ${POLL_EVERY_MS} ms, so a few of these milliseconds are the question's.`]
    }]
  }
}

interface Probes {
  readonly fromAcknowledgement: readonly number[]
  readonly fromSending: readonly number[]
  readonly lost: number
}

async function probe (owner: Owner, system: System, seconds: number): Promise<Probes> {
  const log = openKafkaLog({ brokers: [system.services.kafka], clientId: 'millrace-bench-probe' })
  owner.after(async () => await log.close())
  const producer = log.openProducer()
  const fromAcknowledgement: number[] = []
  const fromSending: number[] = []
  let lost = 0
  const started = performance.now()
  for (let count = 0; performance.now() - started < seconds * 1000; count++) {
    const user = `probe-${count}`
    const [popular] = await recommended(system, user)
    if (popular === undefined) throw new Error('There are no popular items.')
    const sentAt = performance.now()
    await producer.send([toOutgoing(watchOf(system, user, popular))])
    const acknowledgedAt = performance.now()
    if (await isKnown(system, user, popular)) {
      fromAcknowledgement.push(performance.now() - acknowledgedAt)
      fromSending.push(performance.now() - sentAt)
    } else lost++
    // Not in step with anything that happens at fixed times.
    await sleep(Math.max(0, sentAt + 1000 / PROBES_PER_SECOND * (0.5 + Math.random()) - performance.now()))
  }
  return { fromAcknowledgement, fromSending, lost }
}

async function isKnown (system: System, user: string, item: string): Promise<boolean> {
  for (const deadline = performance.now() + GIVE_UP_AFTER_MS; performance.now() < deadline;) {
    const asked = performance.now()
    if (!(await recommended(system, user)).includes(item)) return true
    await sleep(Math.max(0, asked + POLL_EVERY_MS - performance.now()))
  }
  return false
}

async function recommended ({ origin }: System, user: string): Promise<readonly string[]> {
  const response = await fetch(`${origin}/reco?user_id=${user}&session_id=probe&k=20`)
  const answer: unknown = await response.json()
  if (!response.ok || typeof answer !== 'object' || answer === null || !('items' in answer) || !Array.isArray(answer.items)) {
    throw new Error(`/reco answered ${response.status}: ${JSON.stringify(answer)}`)
  }
  return answer.items
}

function watchOf ({ settings }: System, user: string, item: string): ModelRecord {
  const now = Date.now()
  const watch = { event_id: `probe-${now}-${user}`, user_id: user, session_id: 'probe', request_id: 'probe', ts_ms: now, item_id: item, watch_time_sec: 5 }
  return { topic: settings.topics.watch, partition: partitionOf(user, 6), offset: 0, timestamp: now, key: user, value: Buffer.from(JSON.stringify(watch)) }
}
