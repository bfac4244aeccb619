import { runWorker } from '../../bin/run-worker.ts'
import { countedSources } from './counted-sources.ts'

/** A worker of `countedSources`; it kills itself where its `DIE_AFTER`th unit is written and not committed. */
runWorker('worker', process.env, config => {
  let left = Number(process.env['DIE_AFTER'])
  return {
    topology: countedSources.configure({ SOURCE_TOPICS: process.env['SOURCE_TOPICS'], SOURCE_PATTERN: process.env['SOURCE_PATTERN'] }),
    migrations: [],
    observers: [{
      assigned () {},
      committed () {},
      reached (milestone) {
        if (milestone === 'written' && --left === 0) process.kill(process.pid, 'SIGKILL')
      }
    }],
    report: () => ({}),
    answer: () => ({ group: config.KAFKA_WORKER_GROUP_ID })
  }
})
