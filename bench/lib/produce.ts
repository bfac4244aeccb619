import type { OutgoingRecord } from '../../streams/index.ts'
import { openKafkaLog } from '../../streams/runtime.ts'
import type { Services } from '../../test/helpers/services.ts'

const CHUNK = 5_000

/** Sends records as they are made: a million need no memory. */
export async function produceAll ({ kafka }: Services, records: Iterator<OutgoingRecord>): Promise<void> {
  const log = openKafkaLog({ brokers: kafka.split(','), clientId: 'millrace-bench' })
  const producer = log.openProducer()
  try {
    for (let chunk = take(records, CHUNK); chunk.length > 0; chunk = take(records, CHUNK)) await producer.send(chunk)
  } finally {
    await log.close()
  }
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
