import { recommenderApplication } from './recommender.ts'
import { runWorker } from './run-worker.ts'

/** The recommender's worker. */
runWorker('worker', process.env, (config, registry) => recommenderApplication({ config, mode: 'external', registry }))
