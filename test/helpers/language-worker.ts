import { FatalError } from '../../streams/index.ts'
import { runWorker } from '../../bin/run-worker.ts'
import { languages } from './language.ts'

/** A worker of the topology that `LANGUAGE` names; it kills itself where its `DIE_AFTER`th unit has produced and is not committed. */
runWorker('worker', process.env, config => {
  const topology = languages[process.env['LANGUAGE'] ?? '']
  if (topology === undefined) throw new FatalError(`LANGUAGE is '${process.env['LANGUAGE']}'; there are ${Object.keys(languages).join(', ')}.`)
  let left = Number(process.env['DIE_AFTER'])
  return {
    topology: topology.configure(process.env),
    migrations: [],
    observers: [{
      assigned () {},
      committed () {},
      reached (milestone) {
        if (milestone === 'produced' && --left === 0) process.kill(process.pid, 'SIGKILL')
      }
    }],
    report: () => ({}),
    answer: () => ({ group: config.KAFKA_WORKER_GROUP_ID })
  }
})
