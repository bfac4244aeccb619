import { Consumer, Producer } from '@platformatic/kafka'
import { fail, prepare } from './prepare.ts'
import { groupHasCommitted } from './settled.ts'

const COMMIT_EVERY_MS = 1_000

/** A loop over the messages of @platformatic/kafka's consumer; what is worked off is committed each second. */
async function main (): Promise<void> {
  const { config, brokers, topics, records, handle, progress } = await prepare(process.env)
  const groupId = config.KAFKA_WORKER_GROUP_ID
  const consumer = new Consumer({ groupId, clientId: 'millrace-bench', bootstrapBrokers: [...brokers] })
  const producer = new Producer({ clientId: 'millrace-bench', bootstrapBrokers: [...brokers] })
  const messages = await consumer.consume({ topics: [...topics], mode: 'earliest', autocommit: false })
  const done = new Map<string, { readonly topic: string, readonly partition: number, readonly offset: bigint, readonly leaderEpoch: number }>()
  const commit = async (): Promise<void> => {
    const offsets = [...done.values()]
    done.clear()
    await consumer.commit({ offsets })
  }

  let count = 0
  let committedAt = performance.now()
  for await (const { topic, partition, offset, leaderEpoch, timestamp, key, value } of messages) {
    // Its types do not say so, but a key or a value that is not there is undefined.
    for (const letter of await handle({ topic, partition, offset: Number(offset), timestamp: Number(timestamp), key: key ?? null, value: value ?? null, headers: [] })) {
      await producer.send({ messages: [{ topic: letter.topic, ...(letter.key === null ? {} : { key: letter.key }), ...(letter.value === null ? {} : { value: letter.value }) }], acks: -1 })
    }
    done.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1n, leaderEpoch })
    progress.at(++count)
    if (count < records && performance.now() - committedAt < COMMIT_EVERY_MS) continue
    committedAt = performance.now()
    await commit()
    if (count >= records) break
  }
  await groupHasCommitted(brokers, groupId, records)
  progress.committed(count)
  // The result is the tables.
  progress.result()
}

process.once('SIGTERM', () => process.exit(0))
await main().catch(fail)
