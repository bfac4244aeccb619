import { ok } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { requireFaketime } from '../../../scripts/services/faketime.ts'
import { faultRounds, type Variant } from '../../helpers/fault-rounds.ts'
import { progress } from '../../helpers/progress.ts'

faultRounds('clock', {
  'a day forwards': jumping(['+1d']),
  'a day backwards': jumping(['-1d']),
  'forwards and backwards, several times': jumping(['+1d', '-1d', '+0', '-1d', '+1d'])
})

/** The worker alone sees another time of day; the others' clocks, and those that measure, run on. */
function jumping (offsets: readonly string[]): Variant {
  return async ({ t, openWorld, random }) => {
    const library = await requireFaketime()
    const directory = mkdtempSync(join(tmpdir(), 'millrace-clock-'))
    t.after(() => { rmSync(directory, { recursive: true, force: true }) })
    const file = join(directory, 'offset')
    writeFileSync(file, '+0')
    const world = await openWorld({ feedMs: 60_000 })
    const load = world.load()
    const worker = world.start({ LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' })
    await world.underWay(worker)

    for (const offset of offsets) {
      writeFileSync(file, offset)
      await sleep(500 + random.below(1_000))
      await progress(world, worker)
    }
    await load.end()

    await world.finish(worker)
    ok(hasJumped(worker.output()), 'the worker was to see another day')
  }
}

/** As the times of its log lines say; the last is that of its stop. */
function hasJumped (output: string): boolean {
  return [...output.matchAll(/"time":(\d+)/g)].some(([, time]) => Math.abs(Number(time) - Date.now()) > 23 * 3_600_000)
}
