import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { mixedEvents } from './lib/events.ts'
import { processed, startSystem, startTraffic, type System } from './lib/live.ts'
import { projectionLevel } from '../test/helpers/projection.ts'
import { owning, type Owner } from './lib/owner.ts'
import { round } from './lib/statistics.ts'
import { attack, installVegeta } from './load/vegeta.ts'
import type { LoadOptions } from './load/result.ts'
import { findDifference, findMistakeOnTop } from './serving/check.ts'
import { measureServer, untilAtRest, type Measured } from './serving/measure.ts'
import { servingTable } from './serving/report.ts'
import { startApiWithoutRedis, startConstant, startHandler, type Server } from './serving/servers.ts'
import { fillState } from './serving/state.ts'
import { profiling } from './throughput.ts'

export const REQUESTS_PER_SECOND = 1_000
export const EVENTS_PER_SECOND = 1_000
/** What Postgres answers beside ingest, on a machine of two cores. */
const WITHOUT_REDIS_PER_SECOND = 50
export const K = 20
const USERS_PER_ITEM = 10
const WARM_UP_SECONDS = 5

/** /reco for users with histories, at a rate that does not wait for answers, while events come in. */
export const serving: Benchmark = {
  name: 'serving',
  run: async context => await owning('serving', async owner => await run(owner, context))
}

async function run (owner: Owner, context: Context): Promise<Result> {
  const { services, users, seconds, repeats, say, profile } = context
  const items = Math.ceil(users / USERS_PER_ITEM)
  const vegeta = await installVegeta(say)
  const system = await startSystem(owner, context, profiling(profile))
  const filled = await fillState(services, system.applicationId, { users, items })
  const keysPerSecond = round(filled.keys / filled.rebuildSeconds)
  say(`${users} users, ${items} items: Postgres filled in ${round(filled.fillSeconds, 1)} s, Redis built from it in ${round(filled.rebuildSeconds, 1)} s (${filled.keys} keys, ${keysPerSecond} a second)`)

  const load = { perSecond: REQUESTS_PER_SECOND, seconds, users, userSkew: 0.4, k: K }
  const api: Server = { name: 'the API', origin: system.origin, process: system.api }
  const handler = await startHandler(owner, system)
  const constant = await startConstant(owner)
  const withoutRedis = await startApiWithoutRedis(owner, system)
  const measure = async (server: Server, options: Omit<LoadOptions, 'origin'>): Promise<Measured> => {
    const measured = await measureServer({ services, server, ask: async origin => await attack(vegeta, { ...options, origin }) })
    say(describe(measured))
    return measured
  }
  for (const server of [api, handler, constant]) await attack(vegeta, { ...load, origin: server.origin, seconds: WARM_UP_SECONDS })

  // In turns, so that a busy machine slows all of them.
  const traffic = startTraffic(services, mixedEvents({ settings: system.settings, users, items, userSkew: 0.4, seed: 5, now: Date.now }), EVENTS_PER_SECOND)
  /** What a load before it has left undone is none of the next one's. */
  const inTurn = async (server: Server, options: Omit<LoadOptions, 'origin'>): Promise<Measured> => {
    await untilAtRest([handler, withoutRedis])
    await processed(system, traffic.sent())
    return await measure(server, options)
  }
  const half: Measured[] = []
  for (const server of [api, handler, constant]) half.push(await inTurn({ ...server, name: `${server.name}, at half the rate` }, { ...load, perSecond: REQUESTS_PER_SECOND / 2, seconds: Math.ceil(seconds / 3) }))
  const runs: Measured[] = []
  for (let count = 0; count < repeats; count++) {
    for (const server of [api, handler, constant]) runs.push(await inTurn(server, load))
  }
  const few = { ...load, perSecond: WITHOUT_REDIS_PER_SECOND, seconds: Math.ceil(seconds / 3) }
  const degraded = [await inTurn(withoutRedis, few), await inTurn({ ...withoutRedis, name: `${withoutRedis.name}, at the whole rate` }, { ...load, seconds: few.seconds })]
  const sent = await traffic.stop()
  await processed(system, sent)
  await projectionLevel(services, system.applicationId)
  await untilAtRest([withoutRedis])
  const quiet = await measure({ ...api, name: 'the API, while nothing is ingested' }, { ...load, seconds: few.seconds })

  const mistakes = [
    await findMistakeOnTop(system, sent),
    await findDifference([api, handler, withoutRedis], { users, k: K }),
    ...[...runs, ...half, quiet].map(({ server, load: { short } }) => short === 0 ? undefined : `${short} answers of ${server} had fewer than ${K} items`)
  ].flatMap(each => each ?? [])
  await stop(system, [handler, constant, withoutRedis])
  return {
    correct: mistakes.length === 0,
    mistakes,
    numbers: { users, items, filled, keysPerSecond, eventsPerSecond: EVENTS_PER_SECOND, eventsSent: sent, requestsPerSecond: REQUESTS_PER_SECOND, seconds, runs, half, degraded, quiet },
    tables: [servingTable({ users, items, seconds, filled, keysPerSecond, runs, others: [...half, quiet, ...degraded] })]
  }
}

async function stop ({ api, worker }: System, servers: readonly Server[]): Promise<void> {
  for (const { process } of servers) await process.stop()
  await api.stop()
  await worker.stop()
}

function describe ({ server, cpuMicros, redisCpuMicros, load: { latencyMs: { count, p50, p95, p99, p999, max }, lateMs, errors, kinds, degraded, short } }: Measured): string {
  const cpu = cpuMicros === null ? '' : `, CPU per request ${round(cpuMicros)} µs + Redis ${round(redisCpuMicros)} µs`
  return `${server}: ${count} requests, p50 ${p50} p95 ${p95} p99 ${p99} p99.9 ${p999} max ${max} ms (sent late p99 ${lateMs.p99})${cpu}, ${errors} errors${errors === 0 ? '' : ` ${JSON.stringify(kinds)}`}, ${degraded} degraded, ${short} short`
}
