import { createIngest } from '../ingest/server.ts'
import { messageOf } from '../streams/index.ts'
import { openKafkaLog } from '../streams/runtime.ts'
import { readConfig } from './config.ts'
import { createLogger } from './logging.ts'
import { stopOnSignal } from './stop-on-signal.ts'

/** HTTP in, Kafka out. */
async function main (): Promise<void> {
  const config = readConfig(process.env)
  const logger = createLogger('ingest', config.LOG_LEVEL)
  const log = openKafkaLog({ brokers: config.KAFKA_BOOTSTRAP.split(','), clientId: 'millrace-ingest', logger })
  const app = createIngest({ producer: log.openProducer(), settings: config, recoUrl: config.API_URL, logger })
  stopOnSignal(async () => {
    await app.close()
    await log.close()
  }, logger)
  await app.listen({ host: config.HOST, port: config.INGEST_PORT })
}

main().catch((error: unknown) => {
  process.stderr.write(`millrace ingest: ${messageOf(error)}\n`)
  process.exit(1)
})
