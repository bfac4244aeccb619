import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import { partitionOf } from '../test/helpers/random-log.ts'
import type { Benchmark, Context } from './lib/benchmark.ts'
import { deleteInternalTopics } from './lib/internal-topics.ts'
import { owning } from './lib/owner.ts'
import { produceAll } from './lib/produce.ts'
import { PARTITIONS } from './lib/race.ts'
import { freshResultFile } from './lib/result-file.ts'
import { sizesUpTo } from './lib/sizes.ts'
import { round } from './lib/statistics.ts'
import { kafkaStreamsCounting } from './peers/kafka-streams.ts'
import { endedBefore, linesOf, startPeer, type StartedPeer } from './lib/peer.ts'

interface Restored {
  readonly keys: number
  readonly records: number
  readonly seconds: number
}

/** What Kafka Streams does before it goes on where its state directory is gone, or was on another machine. Millrace has nothing to restore: see growth. */
export const restore: Benchmark = {
  name: 'restore',
  async run (context) {
    const runs: Restored[] = []
    for (const keys of sizesUpTo(context.keys)) {
      const run = await measure(context, keys)
      context.say(`${keys} keys: ${run.records} records restored in ${round(run.seconds, 2)} s`)
      runs.push(run)
    }
    const mistakes = runs.flatMap(({ keys, records }) => records < keys ? [`${keys} keys: only ${records} records were restored`] : [])
    return {
      correct: mistakes.length === 0,
      mistakes,
      numbers: { runs },
      tables: [{
        title: 'Kafka Streams restores its state: counting orders, so many customers with one order each, six partitions, RocksDB',
        rows: [['keys', 'seconds', 'keys/s'], ...runs.map(({ keys, seconds }) => [keys.toLocaleString('en'), String(round(seconds, 2)), round(keys / seconds).toLocaleString('en')])],
        notes: ['From the beginning of the first restore to the end of the last, as Kafka Streams itself tells it; starting and joining the group come before that. Millrace\'s first commit at the same sizes stands in the table of growth.']
      }]
    }
  }
}

async function measure ({ services }: Context, keys: number): Promise<Restored> {
  return await owning('restore', async owner => {
    const applicationId = freshApplicationId(owner, services)
    owner.after(async () => await deleteInternalTopics(services, applicationId))
    const { orders: topic, dlq: deadLetterTopic } = await freshTopics(owner, services, ['orders', 'dlq'], PARTITIONS)
    await produceAll(services, ordersOf(topic, keys))
    const start = async (): Promise<StartedPeer> => startPeer(owner, await kafkaStreamsCounting({
      services, topic, deadLetterTopic, applicationId, records: keys, resultFile: await freshResultFile(owner), guarantee: 'at_least_once'
    }))

    const first = await start()
    await told(first, 'committed', 1)
    first.child.kill('SIGKILL')
    // A state directory of its own.
    const restored = await told(await start(), 'restored', PARTITIONS)
    return { keys, records: restored.reduce((sum, [records = 0]) => sum + records, 0), seconds: Math.max(...restored.map(([, ms = 0]) => ms)) / 1000 }
  })
}

function * ordersOf (topic: string, keys: number) {
  for (let number = 0; number < keys; number++) {
    const customer = `customer-${number}`
    const value = Buffer.from(JSON.stringify({ customer, amountCents: 100, placedAt: 1_750_000_000_000 }))
    yield { topic, partition: partitionOf(customer, PARTITIONS), key: Buffer.from(customer), value, headers: [], timestamp: 1_750_000_000_000 + number }
  }
}

/** The numbers of the first lines with this word. */
async function told (peer: StartedPeer, word: string, count: number): Promise<number[][]> {
  const found: number[][] = []
  for await (const [first, ...numbers] of linesOf(peer)) {
    if (first === word) found.push(numbers)
    if (found.length === count) return found
  }
  throw endedBefore(peer, `it said '${word}' ${count} times`)
}
