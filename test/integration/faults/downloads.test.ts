import { deepEqual, doesNotMatch, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Parse } from 'typebox/value'
import { DownloadPage, DownloadRow, DownloadStats } from '../../../schemas/downloads-api.ts'
import { startApi } from '../../helpers/api-process.ts'
import { openDownloadsWorld, type DownloadsWorld } from '../../helpers/downloads-world.ts'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import { openOwnPostgres } from '../../helpers/own-postgres.ts'
import type { WorkerProcess } from '../../helpers/recommender.ts'
import { until } from '../../helpers/until.ts'

/** What takes half a minute; FAULT_DOWNLOADS=10000 is the run that counts. */
const FILES = Number(process.env['FAULT_DOWNLOADS'] ?? 1_500)
/** Longer than all delays together. */
const OUTAGE = { afterMs: 1_500, forMs: 10_000 }
/** What a process manager waits before it kills. */
const STOPS_WITHIN_MS = 10_000

faultRounds('downloads', {
  'a server that fails, and is away for 10 s': flakyServer,
  'three download workers, of which some die and others join': killed,
  'download and upload workers stopped at work': stopped,
  'all in one process, stopped at work': allStopped,
  'Postgres stopped at once, twice': postgresStopped,
  'garbage among the tasks': garbage
})

async function flakyServer ({ t, services, seed, measured }: Round): Promise<void> {
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: OUTAGE })
  const worker = await world.start()
  const begunAt = performance.now()
  await world.feed()

  await world.assertAll([worker])

  measured('s for all files', (performance.now() - begunAt) / 1_000)
  const { outage } = world.server.calls()
  ok(outage > 0, 'the outage met nobody')
  measured('calls in the outage', outage)
  const api = await startApi(t, world.environment)
  await assertAnswers(api.address, world)
  equal(await worker.stop(), 0, worker.output())
}

/** What the API answers over HTTP is what the server knows. */
async function assertAnswers (address: string, { server, rows, fileOf }: DownloadsWorld): Promise<void> {
  const ask = async (path: string): Promise<unknown> => await (await fetch(`${address}${path}`)).json()
  const expected = Array.from({ length: FILES }, (_, file) => server.expected(file))
  const files = expected.filter(each => each.kind === 'file')
  const missing = expected.length - files.length

  const stats = Parse(DownloadStats, await ask('/downloads/stats'))
  const exhausted = stats.by_status.failed_exhausted
  deepEqual(stats.by_status, { completed: files.length - exhausted, failed_permanent: missing, failed_exhausted: exhausted })
  equal(stats.total, FILES)
  equal(stats.by_error_class.permanent, missing)
  if (exhausted === 0) equal(stats.bytes, files.reduce((sum, { bytes }) => sum + bytes, 0))

  for (const status of ['completed', 'failed_permanent'] as const) {
    const found: DownloadRow[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: DownloadPage = Parse(DownloadPage, await ask(`/downloads?status=${status}&limit=400${cursor === '' ? '' : `&cursor=${cursor}`}`))
      found.push(...page.downloads)
      cursor = page.cursor
    }
    equal(found.length, stats.by_status[status])
    equal(new Set(found.map(({ media_id: id }) => id)).size, found.length, 'no page repeats another')
    for (const row of found) equal(server.expected(fileOf(row)).kind, status === 'completed' ? 'file' : 'missing')
  }
  for (const { media_id: id } of (await rows()).slice(0, 50)) {
    const row = Parse(DownloadRow, await ask(`/downloads/${id}`))
    const file = server.expected(fileOf(row))
    if (file.kind === 'missing') deepEqual([row.status, row.http_status], ['failed_permanent', 404])
    else if (row.status === 'completed') deepEqual([row.bytes, row.sha256], [file.bytes, file.sha256])
  }
  equal((await fetch(`${address}/downloads/no-file`)).status, 404)
}

async function killed ({ t, services, seed, random, measured }: Round): Promise<void> {
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: OUTAGE })
  const others = await Promise.all((['events', 'upload', 'results'] as const).map(world.start))
  const workers = await Promise.all([1, 2, 3].map(async () => await world.start('download')))
  await world.feed()

  // With records in their delays, that nobody may try: the server is away.
  await until('the server is away', () => world.server.calls().outage > 20)
  await sleep(random.below(1_500))
  await kill(workers, random.below(3))
  await sleep(random.below(1_500))
  workers.push(await world.start('download'))
  // And with records in their delays that are tried.
  await world.reached(FILES / 2, [...others, ...workers])
  await kill(workers, random.below(3))
  workers.push(await world.start('download'))

  await world.assertAll([...others, ...workers])

  measured('calls beyond one per file', world.server.calls().total - FILES)
  await stopAll([...workers, ...others])
}

async function kill (workers: WorkerProcess[], index: number): Promise<void> {
  const [worker] = workers.splice(index, 1)
  worker?.child.kill('SIGKILL')
  if (worker !== undefined) await once(worker.child, 'exit')
}

async function stopped ({ t, services, seed, random, measured }: Round): Promise<void> {
  // With so many slow bodies there is always a file on its way.
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: { afterMs: 8_000, forMs: 10_000 }, troubles: { slow: 0.3 } })
  const others = await Promise.all((['events', 'results'] as const).map(world.start))
  let [download, upload] = await Promise.all((['download', 'upload'] as const).map(world.start))
  ok(download !== undefined && upload !== undefined)
  await world.feed()

  for (const share of [0.1, 0.2, 0.4]) {
    await world.reached(FILES * share, [...others, download, upload])
    await sleep(random.below(500))
    for (const worker of [download, upload]) measured('ms to stop', await stop(worker))
    download = await world.start('download')
    upload = await world.start('upload')
  }

  await world.assertAll([...others, download, upload])

  ok(world.server.calls().total < 2 * FILES, 'a stop repeats what was under way, and no more')
  await stopAll([download, upload, ...others])
}

async function allStopped ({ t, services, seed, random, measured }: Round): Promise<void> {
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: { afterMs: 8_000, forMs: 10_000 }, troubles: { slow: 0.3 } })
  let worker = await world.start()
  await world.feed()

  for (const share of [0.1, 0.4]) {
    await world.reached(FILES * share, [worker])
    await sleep(random.below(500))
    measured('ms to stop', await stop(worker))
    worker = await world.start()
  }

  await world.assertAll([worker])
  equal(await worker.stop(), 0, worker.output())
}

async function stopAll (workers: readonly WorkerProcess[]): Promise<void> {
  const codes = await Promise.all(workers.map(async worker => await worker.stop()))
  for (const [index, code] of codes.entries()) equal(code, 0, workers[index]?.output())
}

/** In order, not because its time was over. */
async function stop (worker: WorkerProcess): Promise<number> {
  const begunAt = performance.now()
  equal(await worker.stop(), 0, worker.output())
  const ms = performance.now() - begunAt
  ok(ms < STOPS_WITHIN_MS, `it took ${ms} ms to stop`)
  doesNotMatch(worker.output(), /stopping took too long/)
  return ms
}

async function postgresStopped ({ t, services, seed, random }: Round): Promise<void> {
  const postgres = await openOwnPostgres(t)
  const world = await openDownloadsWorld(t, { ...services, postgres: postgres.address }, { seed, files: FILES, outage: OUTAGE })
  const worker = await world.start()
  await world.feed()

  for (const share of [0.1, 0.6]) {
    await world.reached(FILES * share, [worker])
    await sleep(random.below(500))
    await postgres.stopImmediately()
    await sleep(4_000)
    await postgres.startAgain()
  }

  await world.assertAll([worker])

  equal(await worker.stop(), 0, worker.output())
}

async function garbage ({ t, services, seed }: Round): Promise<void> {
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: OUTAGE })
  const worker = await world.start()
  await world.feed()
  await world.reached(FILES / 10, [worker])

  const refused = await world.spoil()

  await world.assertAll([worker], refused)
  equal(await worker.stop(), 0, worker.output())
}
