import { Kafka, logLevel } from 'kafkajs'
import { fail, prepare } from './prepare.ts'
import { groupHasCommitted } from './settled.ts'

const COMMIT_EVERY_MS = 1_000

/** KafkaJS' own loop, `eachMessage`, which commits each second. */
async function main (): Promise<void> {
  const { config, brokers, topics, records, handle, progress } = await prepare(process.env)
  const groupId = config.KAFKA_WORKER_GROUP_ID
  const kafka = new Kafka({ clientId: 'millrace-bench', brokers: [...brokers], logLevel: logLevel.ERROR })
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })

  let count = 0
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => reject(error))
    consumer.run({
      autoCommitInterval: COMMIT_EVERY_MS,
      async eachMessage ({ topic, partition, message: { offset, timestamp, key, value } }) {
        for (const letter of await handle({ topic, partition, offset: Number(offset), timestamp: Number(timestamp), key, value, headers: [] })) {
          await producer.send({ topic: letter.topic, messages: [{ key: letter.key, value: letter.value }] })
        }
        progress.at(++count)
        if (count === records) resolve()
      }
    }).catch(reject)
  })
  await groupHasCommitted(brokers, groupId, records)
  progress.committed(count)
  // The result is the tables.
  progress.result()
}

process.once('SIGTERM', () => process.exit(0))
await main().catch(fail)
