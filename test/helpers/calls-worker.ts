import { FatalError } from '../../streams/index.ts'
import { runWorker } from '../../bin/run-worker.ts'
import { callings } from './calling.ts'
import { watchStarvation } from './starvation.ts'

watchStarvation(wait => console.log(JSON.stringify({ starvation: wait })))

/** A worker of the topology that `CALLING` names. */
runWorker('worker', process.env, config => {
  const topology = callings[process.env['CALLING'] ?? '']
  if (topology === undefined) throw new FatalError(`CALLING is '${process.env['CALLING']}'; there are ${Object.keys(callings).join(', ')}.`)
  return { topology: topology.configure(process.env), migrations: [], observers: [], report: () => ({}), answer: () => ({ group: config.KAFKA_WORKER_GROUP_ID }) }
})
