import { projectionLevel } from '../test/helpers/projection.ts'
import { produce } from '../test/helpers/recommender.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { createLog, mixedEvents } from './lib/events.ts'
import { answers, findMistakeInLive, processed, startSystem, startTraffic } from './lib/live.ts'
import { owning, type Owner } from './lib/owner.ts'
import { startProcess } from './lib/processes.ts'
import { cpuSecondsOf } from './lib/cpu.ts'
import { round } from './lib/statistics.ts'
import { readLoadResult, type LoadOptions, type LoadResult } from './load/result.ts'
import { profiling } from './throughput.ts'

const REQUESTS_PER_SECOND = 500
const EVENTS_PER_SECOND = 1_000
const USERS = 20_000
const ITEMS = 10_000
const K = 20

/** /reco for users with histories, at a rate that does not wait for answers, while events come in. */
export const serving: Benchmark = {
  name: 'serving',
  run: async context => await owning('serving', async owner => await run(owner, context))
}

async function run (owner: Owner, context: Context): Promise<Result> {
  const { services, events, seconds, say, profile } = context
  const system = await startSystem(owner, context, profiling(profile))
  // Users less uneven than elsewhere, so that nearly all have a history.
  const shape = { settings: system.settings, users: USERS, items: ITEMS, userSkew: 0.4 }
  const seed = createLog(events, { ...shape, seed: 4 })
  await produce(services, seed)
  await processed(system, seed.length)
  await projectionLevel(services, system.applicationId)
  const seedMistake = await findMistakeInLive(system, seed.length)
  say(`${seed.length} events worked off before the start`)

  const load = { origin: system.origin, perSecond: REQUESTS_PER_SECOND, users: USERS, userSkew: 0.4, k: K }
  await runLoad(owner, { ...load, seconds: Math.min(5, seconds) })
  const idle = await runLoad(owner, { ...load, seconds: Math.ceil(seconds / 3) })
  say(describe('no ingest', idle))
  const traffic = startTraffic(services, mixedEvents({ ...shape, seed: 5, now: Date.now }), EVENTS_PER_SECOND)
  const cpuBefore = await cpuSecondsOf(system.api.pid)
  const busy = await runLoad(owner, { ...load, seconds })
  const cpuAfter = await cpuSecondsOf(system.api.pid)
  const sent = await traffic.stop()
  say(describe(`${EVENTS_PER_SECOND} events/s`, busy))
  await processed(system, seed.length + sent)
  const mistake = await findMistakeInLive(system, seed.length + sent)
  await system.api.stop()
  await system.worker.stop()
  const noise = await measureNoise(owner, { ...load, seconds: Math.ceil(seconds / 3) })
  say(describe('constant answer', noise))

  const wrong = [seedMistake, mistake].flatMap(each => each ?? [])
  const mistakes = busy.short > 0 ? [...wrong, `${busy.short} answers had fewer than ${K} items`] : wrong
  const apiCpuMicros = cpuBefore === undefined || cpuAfter === undefined ? null : (cpuAfter - cpuBefore) * 1e6 / busy.latencyMs.count
  return {
    correct: mistakes.length === 0,
    mistakes,
    numbers: { seedEvents: seed.length, eventsPerSecond: EVENTS_PER_SECOND, eventsSent: sent, requestsPerSecond: REQUESTS_PER_SECOND, seconds, apiCpuMicrosPerRequest: apiCpuMicros, busy, idle, noise },
    tables: [{
      title: `Serving: /reco?k=${K} at ${REQUESTS_PER_SECOND} requests/s, open loop, ${ITEMS.toLocaleString('en')} items, ${USERS.toLocaleString('en')} users`,
      rows: [
        ['while', 'requests', 'p50', 'p95', 'p99', 'p99.9', 'max', 'errors', 'degraded'],
        row(`${EVENTS_PER_SECOND.toLocaleString('en')} events/s are ingested`, busy),
        row('nothing is ingested', idle),
        row('the load generator alone asks a server with a constant answer', noise)
      ],
      notes: [
        'Latency counts from the moment a request was due, so a server that stands still cannot hide it. The load generator shares the machine.',
        ...(apiCpuMicros === null ? [] : [`The API takes ${round(apiCpuMicros)} µs of CPU per request.`])
      ]
    }]
  }
}

async function runLoad (owner: Owner, options: LoadOptions): Promise<LoadResult> {
  const generator = startProcess(owner, 'bench/load/generator.ts', {}, [JSON.stringify(options)])
  await generator.exited
  return readLoadResult(generator.output())
}

async function measureNoise (owner: Owner, options: LoadOptions): Promise<LoadResult> {
  const port = new URL(options.origin).port
  const server = startProcess(owner, 'bench/load/constant-server.ts', { PORT: port })
  await answers(options.origin, [server])
  return await runLoad(owner, options)
}

function row (name: string, { latencyMs: { count, p50, p95, p99, p999, max }, errors, degraded }: LoadResult): string[] {
  return [name, count.toLocaleString('en'), ...[p50, p95, p99, p999, max].map(value => `${value} ms`), String(errors), `${round(degraded / count * 100, 2)} %`]
}

function describe (name: string, { latencyMs: { count, p50, p95, p99, p999, max }, errors, degraded, short }: LoadResult): string {
  return `${name}: ${count} requests, p50 ${p50} p95 ${p95} p99 ${p99} p99.9 ${p999} max ${max} ms, ${errors} errors, ${degraded} degraded, ${short} short`
}
