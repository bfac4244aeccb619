import { ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import { openNetwork, through } from '../../helpers/network.ts'
import type { WorkerProcess } from '../../helpers/recommender.ts'

/** The worker may have so much memory, all in all; its heap half of it. */
const BOUND_MB = 512
const ENVIRONMENT = { KAFKA_WORKER_MAX_POLL_RECORDS: '2000', NODE_OPTIONS: '--max-old-space-size=256' }
/** A million where the bound is to be shown; fewer take less of everybody's time. */
const EVENTS = Number(process.env['OVERLOAD_EVENTS'] ?? 50_000)

faultRounds('overload', {
  'a backlog, and little memory': backlog,
  'a backlog, and a slow Postgres': slowPostgres
})

async function backlog ({ openWorld, measured }: Round): Promise<void> {
  const world = await openWorld({ events: EVENTS, feedMs: 0, environment: ENVIRONMENT })
  await world.feed()

  const worker = world.start()
  await world.assertAll(worker)

  assertBounded(worker, measured)
  await world.finish(worker)
}

/** Every statement waits, so hardly any record is done; the records that are not must stay in Kafka. */
async function slowPostgres ({ t, services, openWorld, random, measured }: Round): Promise<void> {
  const network = await openNetwork(t, Number(new URL(services.postgres).port))
  const world = await openWorld({ events: EVENTS, feedMs: 0, environment: ENVIRONMENT })
  await world.feed()
  const worker = world.start({ DATABASE_URL: through(network, services.postgres) })
  await world.underWay(worker)

  network.delay(500 + random.below(500))
  await new Promise(resolve => setTimeout(resolve, 10_000))
  assertBounded(worker, measured)
  network.mend()

  await world.assertAll(worker)
  assertBounded(worker, measured)
  await world.finish(worker)
}

function assertBounded ({ child, output }: WorkerProcess, measured: Round['measured']): void {
  ok(child.exitCode === null, output())
  const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  const peakMb = Number(peakKb) / 1024
  measured('peak memory, MB', peakMb)
  ok(peakMb < BOUND_MB, `the worker had ${peakMb} MB`)
}
