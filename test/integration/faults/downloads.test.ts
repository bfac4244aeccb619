import { equal, ok } from 'node:assert/strict'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import { openDownloadsWorld } from '../../helpers/downloads-world.ts'

/** What about a minute allows; FAULT_DOWNLOADS=10000 is the run that counts. */
const FILES = Number(process.env['FAULT_DOWNLOADS'] ?? 2_000)
/** Longer than all delays together. */
const OUTAGE = { afterMs: 1_500, forMs: 10_000 }

faultRounds('downloads', {
  'a server that fails, and is away for 10 s': flakyServer
})

async function flakyServer ({ t, services, seed, measured }: Round): Promise<void> {
  const world = await openDownloadsWorld(t, services, { seed, files: FILES, outage: OUTAGE })
  const worker = await world.start()
  const begunAt = performance.now()
  await world.feed()

  await world.assertAll(worker)

  measured('seconds', (performance.now() - begunAt) / 1_000)
  const calls = world.server.calls()
  t.diagnostic(JSON.stringify(calls))
  ok(calls.outage > 0, 'the outage met nobody')
  equal(await worker.stop(), 0, worker.output())
}
