import type { Log, LogRecord, TopicPartition } from '../../streams/index.ts'
import type { ReadPosition } from '../../streams/log/log.ts'

/** What is fetched and not yet taken is kept below this. */
const ROOM = 8_000

export interface Position extends TopicPartition {
  readonly offset: number
}

export interface Inbox {
  /** Waits for the first record, and takes what is there, up to `most`, partition by partition. */
  readonly take: (most: number) => Promise<readonly LogRecord[]>
  readonly positionsAfter: (taken: readonly LogRecord[]) => readonly Position[]
  readonly wake: () => void
}

/** All partitions of the topics, from their beginnings. */
export async function openInbox (log: Log, topics: readonly string[]): Promise<Inbox> {
  const counts = await log.partitionCounts(topics)
  const next = new Map<string, ReadPosition>([...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => [`${topic}/${partition}`, { topic, partition, offset: 0, epoch: 1 }] as const)))
  const committed = new Map<string, Position>()
  const batches: (readonly LogRecord[])[] = []
  let waiting = 0
  let arrived: (() => void) | undefined

  const reader = log.openReader({
    wanted: () => waiting >= ROOM ? [] : [...next.values()],
    deliver ({ topic, partition, records, nextOffset }) {
      next.set(`${topic}/${partition}`, { topic, partition, offset: nextOffset, epoch: 1 })
      if (records.length === 0) return
      batches.push(records)
      waiting += records.length
      arrived?.()
    },
    failed: (_position, error) => { throw error },
    maxWaitMs: 100
  })
  reader.wake()

  return {
    async take (most) {
      if (batches.length === 0) {
        await new Promise<void>(resolve => { arrived = resolve })
        arrived = undefined
      }
      const taken: LogRecord[] = []
      while (taken.length < most) {
        const batch = batches.shift()
        if (batch === undefined) break
        const room = most - taken.length
        taken.push(...batch.slice(0, room))
        if (batch.length > room) batches.unshift(batch.slice(room))
      }
      waiting -= taken.length
      if (waiting < ROOM) reader.wake()
      return taken
    },
    positionsAfter (taken) {
      const moved = new Map<string, Position>()
      for (const { topic, partition, offset } of taken) moved.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1 })
      for (const [name, position] of moved) committed.set(name, position)
      return [...committed.values()]
    },
    wake: () => arrived?.()
  }
}
