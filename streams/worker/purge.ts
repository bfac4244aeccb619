import { messageOf } from '../errors.ts'
import { internalSinksOf, topicName } from '../graph/topic-names.ts'
import type { Log, TopicPartition } from '../log/log.ts'
import type { Logger } from '../logger.ts'
import type { State, TaskId } from '../state/state.ts'
import type { Task } from '../task/task.ts'

export interface PurgeOptions {
  readonly applicationId: string
  readonly log: Pick<Log, 'deleteRecords' | 'offsets'>
  readonly state: Pick<State, 'unitsOf' | 'forgetEpochs'>
  readonly logger: Logger
  readonly tasks: () => readonly Task[]
  /** Partition counts of the internal topics, by name on the cluster. */
  readonly internal: () => ReadonlyMap<string, number>
}

/** An epoch that has ended, and where the partitions ended that its units may have written to. */
interface ClosedEpoch extends TaskId {
  readonly epoch: number
  readonly ends: readonly (TopicPartition & { readonly offset: number })[]
}

/** Purges now and then; what could not be done is done the next time. */
export function startPurging (options: PurgeOptions, everyMs: number): { readonly stop: () => Promise<void> } {
  const purge = createPurge(options)
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= purge().catch(error => options.logger.warn({ error: messageOf(error) }, 'internal topics could not be purged; they grow until they can'))
      .finally(() => { running = undefined })
  }, everyMs).unref()
  return {
    async stop () {
      clearInterval(timer)
      await running
    }
  }
}

/** Deletes what our tasks have behind them in internal topics, and forgets the epochs of our tasks that no reader can ask for any more. */
export function createPurge ({ applicationId, log, state, tasks, internal }: PurgeOptions): () => Promise<void> {
  const purgedTo = new Map<string, number>()
  let noted = new Map<string, ClosedEpoch>()

  const purgeRead = async (): Promise<void> => {
    const behind = tasks().flatMap(({ partition, position: { offsets } }) => Object.entries(offsets).flatMap(([topic, offset]) =>
      internal().has(topic) && offset > (purgedTo.get(`${topic}/${partition}`) ?? 0) ? [{ topic, partition, offset }] : []))
    if (behind.length === 0) return
    await log.deleteRecords(behind)
    for (const { topic, partition, offset } of behind) purgedTo.set(`${topic}/${partition}`, offset)
  }

  const partitionsOf = ({ subTopology }: Task): TopicPartition[] => internalSinksOf(subTopology).map(topic => topicName(topic, applicationId))
    .flatMap(topic => Array.from({ length: internal().get(topic) ?? 0 }, (_, partition) => ({ topic, partition })))

  /** Every record of a committed unit was in the log before its epoch ended; what a zombie adds behind the ends is skipped without an entry. */
  const forgetRead = async (): Promise<void> => {
    const writers = tasks().filter(({ subTopology }) => internalSinksOf(subTopology).length > 0)
    if (writers.length === 0) return
    const ended = (await state.unitsOf(writers.map(({ subTopology: { name }, partition }) => ({ subTopology: name, partition }))))
      .flatMap(({ subTopology, partition, closed }) => closed.map(({ epoch }) => ({ subTopology, partition, epoch })))
    if (ended.length === 0) return
    const found = new Map<string, ClosedEpoch>()
    for (const each of ended) {
      const name = `${each.subTopology}/${each.partition}/${each.epoch}`
      const writer = writers.find(({ subTopology, partition }) => subTopology.name === each.subTopology && partition === each.partition)
      found.set(name, noted.get(name) ?? { ...each, ends: writer === undefined ? [] : await log.offsets(partitionsOf(writer), 'latest') })
    }
    noted = found
    const starts = new Map((await log.offsets(writers.flatMap(partitionsOf), 'earliest')).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
    const isRead = ({ ends }: ClosedEpoch): boolean => ends.every(({ topic, partition, offset }) => (starts.get(`${topic}/${partition}`) ?? 0) >= offset)
    const passed = [...noted.values()].filter(isRead)
    if (passed.length > 0) await state.forgetEpochs(passed)
  }

  return async () => {
    await purgeRead()
    await forgetRead()
  }
}
