import { FatalError } from '../errors.ts'
import type { Topology } from '../graph/topology.ts'
import type { Log, ReadPosition } from '../log/log.ts'
import type { Logger } from '../logger.ts'
import { applyToGlobals, type GlobalTables } from '../task/global-tables.ts'

export interface GlobalReaderOptions {
  readonly topology: Topology
  readonly tables: GlobalTables
  readonly log: Log
  readonly logger: Logger
}

/**
 * Fills the copies of global tables from all partitions of their topics, and keeps them up with what comes. Resolves when
 * everything that was there at the start is in them: a join before that would miss rows.
 */
export async function openGlobalReader ({ topology, tables, log, logger }: GlobalReaderOptions): Promise<{ readonly close: () => Promise<void> }> {
  const topics = [...new Set(topology.globals.map(({ topic }) => topic.name))]
  if (topics.length === 0) return { close: async () => {} }
  const counts = await log.partitionCounts(topics)
  const partitions = topics.flatMap(topic => {
    const count = counts.get(topic)
    if (count === undefined) throw new FatalError(`Topic '${topic}' of a global table does not exist; create it, and start again.`)
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  })
  const ends = new Map((await log.offsets(partitions, 'latest')).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const positions = new Map((await log.offsets(partitions, 'earliest')).map((start): [string, ReadPosition] => [`${start.topic}/${start.partition}`, { ...start, epoch: 0 }]))
  const { promise: loaded, resolve, reject } = Promise.withResolvers<void>()
  const look = (): void => {
    if ([...positions].every(([name, { offset }]) => offset >= (ends.get(name) ?? 0))) resolve()
  }
  const reader = log.openReader({
    wanted: () => [...positions.values()],
    deliver ({ topic, partition, askedOffset, records, nextOffset }) {
      const name = `${topic}/${partition}`
      if (positions.get(name)?.offset !== askedOffset) return
      for (const record of records) applyToGlobals(topology, tables, record, skipped)
      positions.set(name, { topic, partition, offset: nextOffset, epoch: 0 })
      look()
    },
    failed ({ topic, partition }, error) {
      if (error.kind === 'fatal') return reject(error)
      if (error.kind === 'out-of-range') void restart(topic, partition)
    }
  })
  const skipped = ({ topic, partition, offset }: { readonly topic: string, readonly partition: number, readonly offset: number }, reason: string): void => {
    logger.warn({ topic, partition, offset, reason }, 'a record of a global table was skipped')
  }
  /** Retention was faster: on from what is still there. */
  const restart = async (topic: string, partition: number): Promise<void> => {
    const [first] = await log.offsets([{ topic, partition }], 'earliest').catch(() => [])
    if (first !== undefined) positions.set(`${topic}/${partition}`, { topic, partition, offset: first.offset, epoch: 0 })
    look()
    reader.wake()
  }
  look()
  await loaded.catch(async (error: unknown) => {
    await reader.close()
    throw error
  })
  return { close: reader.close }
}
