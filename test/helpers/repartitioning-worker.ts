import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runWorker } from '../../bin/run-worker.ts'
import { repartitioning, seen, TALLY_SQL } from './repartitioning.ts'

const migrations = mkdtempSync(join(tmpdir(), 'millrace-tally-'))
writeFileSync(join(migrations, '0001-tally.sql'), TALLY_SQL)

/**
 * A worker of `repartitioning`, which does to itself what `DIE_BY` says when a unit that writes to the internal topic has produced for
 * the `DIE_AFTER`th time; never where that is not said.
 */
runWorker('worker', process.env, config => {
  let left = Number(process.env['DIE_AFTER'])
  /** Of each unit that has begun and not yet produced, whether clicks are in it: the next one is prepared meanwhile. */
  const begun: boolean[] = []
  return {
    topology: repartitioning.configure({ CLICKS_IN: process.env['CLICKS_IN'], CLICKS_OUT: process.env['CLICKS_OUT'] }),
    migrations: [migrations],
    observers: [{
      assigned () {},
      committed () {},
      reached (milestone) {
        if (milestone === 'inserted') {
          begun.push(seen.clicks)
          seen.clicks = false
        }
        if (milestone === 'produced' && begun.shift() === true && --left === 0) process.kill(process.pid, process.env['DIE_BY'])
      }
    }],
    report: () => ({}),
    answer: () => ({ group: config.KAFKA_WORKER_GROUP_ID })
  }
})
