import { createIngest } from '../ingest/server.ts'
import { openKafkaLog } from '../streams/runtime.ts'
import { runProcess } from './run-process.ts'

/** HTTP in, Kafka out. */
runProcess('ingest', process.env, async (config, logger) => {
  const log = openKafkaLog({ brokers: config.KAFKA_BOOTSTRAP.split(','), clientId: 'millrace-ingest', logger })
  const app = createIngest({ producer: log.openProducer(), settings: config, recoUrl: config.API_URL, logger })
  await app.listen({ host: config.HOST, port: config.INGEST_PORT })
  return {
    async stop () {
      await app.close()
      await log.close()
    }
  }
})
