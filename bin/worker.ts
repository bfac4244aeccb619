import { enableCompileCache } from 'node:module'

// Half of what a start takes is the stripping and compiling of modules; a start after the first finds that done. So they are loaded behind it.
enableCompileCache()
const { recommenderApplication } = await import('./recommender.ts')
const { runWorker } = await import('./run-worker.ts')

/** The recommender's worker. */
runWorker('worker', process.env, (config, registry) => recommenderApplication({ config, mode: 'external', registry }))
