import { recommenderApplication } from '../../bin/recommender.ts'
import { runWorker } from '../../bin/run-worker.ts'

/**
 * The recommender's worker, which does to itself what `DIE_BY` says (a signal) when it reaches `DIE_AT` (a milestone of a
 * unit) for the `DIE_AFTER`th time: between two steps as no signal from outside could hit it.
 */
runWorker('worker', process.env, (config, registry) => {
  const application = recommenderApplication({ config, mode: 'external', registry })
  let left = Number(process.env['DIE_AFTER'])
  return {
    ...application,
    observers: [...application.observers, {
      assigned () {},
      committed () {},
      reached (milestone) {
        if (milestone === process.env['DIE_AT'] && --left === 0) process.kill(process.pid, process.env['DIE_BY'])
      }
    }]
  }
})
