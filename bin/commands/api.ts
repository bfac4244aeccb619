import { createStoresServer } from '../../api/stores-server.ts'
import type { Topology } from '../../streams/index.ts'
import { readEnvironment, type Environment } from '../config.ts'
import { isReadable, openStoresReader } from '../open-stores-reader.ts'
import { openReadConnections } from '../read-connections.ts'
import { runProcess } from '../run-process.ts'

/** Serves the stores of any topology over HTTP, until it is stopped. The application id is KAFKA_WORKER_GROUP_ID, else the topology's name. */
export function serveStores (topology: Topology, env: Environment): void {
  runProcess('api', { ...env, KAFKA_WORKER_GROUP_ID: env['KAFKA_WORKER_GROUP_ID'] ?? topology.name }, async (config, logger) => {
    const applicationId = config.KAFKA_WORKER_GROUP_ID
    const configured = topology.configure(readEnvironment(topology.settings, env))
    const { database, projection, check, close } = await openReadConnections(config)
    const app = createStoresServer({
      stores: openStoresReader({ topology: configured, applicationId, database, projection }),
      ready: async () => await isReadable(database, applicationId)
    }, { topology: topology.name, logger })
    const address = await app.listen({ host: config.HOST, port: config.PORT })
    logger.info({ applicationId, address }, 'the stores can be read')
    return {
      done: check().then(() => {}),
      async stop () {
        await app.close()
        await close()
      }
    }
  })
}
