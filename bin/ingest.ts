import { createIngest } from '../ingest/server.ts'
import { FatalError, type Log } from '../streams/index.ts'
import { openKafka } from './kafka.ts'
import { kafkaRefusal } from './refusals.ts'
import { runProcess } from './run-process.ts'

/** HTTP in, Kafka out. */
runProcess('ingest', process.env, async (config, logger) => {
  const log = openKafka({ bootstrap: config.KAFKA_BOOTSTRAP, security: config, clientId: 'millrace-ingest', logger })
  const app = createIngest({ producer: log.openProducer(), settings: config, recoUrl: config.API_URL, logger })
  await app.listen({ host: config.HOST, port: config.INGEST_PORT })
  return {
    done: checkKafka(log, config.KAFKA_BOOTSTRAP),
    async stop () {
      await app.close()
      await log.close()
    }
  }
})

/** Rejects where this Kafka lets us in never, as long as the configuration is what it is. One that is away is told to who sends. */
async function checkKafka (log: Log, bootstrap: string): Promise<void> {
  await log.partitionCounts([]).catch((error: unknown) => {
    const refusal = kafkaRefusal(error, bootstrap)
    if (refusal !== undefined) throw new FatalError(refusal, { cause: error })
  })
}
