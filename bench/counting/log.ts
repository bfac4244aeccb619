import { openKafkaLog } from '../../streams/runtime.ts'
import { readTopic } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'
import { orders, type OrdersOptions } from './orders.ts'

const CHUNK = 5_000

/** Makes the log as it sends it: a million records need no memory. */
export async function produceOrders ({ kafka }: Services, topic: string, options: OrdersOptions): Promise<void> {
  const log = openKafkaLog({ brokers: kafka.split(','), clientId: 'millrace-bench' })
  const producer = log.openProducer()
  const records = orders(options)
  try {
    for (let chunk = take(records, CHUNK); chunk.length > 0; chunk = take(records, CHUNK)) {
      await producer.send(chunk.map(({ key, ...record }) => ({ ...record, topic, key: Buffer.from(key), headers: [] })))
    }
  } finally {
    await log.close()
  }
}

export async function readDeadLetters (services: Services, topic: string): Promise<readonly string[]> {
  return (await readTopic(services, topic)).map(({ value }) => String(value))
}

/** Unlike the iterator's own `take`, it leaves the rest to be taken. */
function take<T> (from: Iterator<T>, most: number): T[] {
  const taken: T[] = []
  while (taken.length < most) {
    const { value, done } = from.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}
