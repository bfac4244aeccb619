import { recommender } from '../../topology/recommender.ts'
import type { Topology } from '../../streams/index.ts'
import { readEnvironment, type Environment } from '../config.ts'
import { migrationsOf } from '../migrations.ts'
import type { Application } from '../open-worker.ts'
import { recommenderApplication } from '../recommender.ts'
import { runWorker } from '../run-worker.ts'

/**
 * Runs any topology on the services of the environment, until it is stopped. Its settings are read from the environment,
 * its tables come from `migrations/<its name>` and those of what it combines, of this directory or of Millrace's, its application id is KAFKA_WORKER_GROUP_ID, else its name.
 */
export function runTopology (topology: Topology, env: Environment): void {
  const environment = { ...env, KAFKA_WORKER_GROUP_ID: env['KAFKA_WORKER_GROUP_ID'] ?? topology.name }
  runWorker(topology.name, environment, (config, registry) => topology.name === recommender.name
    // It has numbers of its own, which the API adds up.
    ? recommenderApplication({ config, mode: 'external', registry })
    : applicationOf(topology.configure(readEnvironment(topology.settings, env)), config.KAFKA_WORKER_GROUP_ID))
}

export function applicationOf (topology: Topology, applicationId: string): Application {
  let processed = 0
  let deadLetters = 0
  const report = (): object => ({ topology: topology.name, application_id: applicationId, processed_count: processed, dlq_count: deadLetters })
  return {
    topology,
    migrations: migrationsOf(topology),
    observers: [{
      assigned () {},
      committed ({ items, emissions }) {
        processed += items.length
        deadLetters += emissions.filter(({ isDeadLetter }) => isDeadLetter).length
      }
    }],
    report,
    answer: report
  }
}
