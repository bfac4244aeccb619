import { distinct } from './distinct.ts'
import { LogError, type Log, type LogProducer, type LogReader, type ReaderOptions } from './log.ts'
import { MemoryGroups } from './memory-groups.ts'
import { openMemoryReader } from './memory-reader.ts'
import { MemoryTopics } from './memory-topics.ts'

export interface MemoryLogOptions {
  /** The clock of records without a timestamp. */
  readonly now?: () => number
}

/**
 * The log in this process: the embedded default, and what tests use. It keeps everything for as long as it lives.
 * Its groups rebalance like Kafka's: prepared, shared anew, assigned; but nobody in them times out.
 */
export function createMemoryLog ({ now = Date.now }: MemoryLogOptions = {}): Log {
  const topics = new MemoryTopics(now)
  const groups = new MemoryGroups(topics)
  const readers = new Set<LogReader>()
  return {
    partitionCounts: async names => topics.counts(names),
    identify: async names => topics.identify(names),
    topicNames: async () => topics.names(),
    createTopics: async specs => {
      topics.create(specs)
      groups.onTopicsChanged()
    },
    deleteTopics: async names => topics.delete(names),
    deleteRecords: async before => { for (const each of before) topics.deleteBefore(each) },
    offsets: async (partitions, at) => distinct(partitions).map(({ topic, partition }) => ({ topic, partition, offset: topics.offsetAt({ topic, partition }, at) })),
    groupOffsets: async groupId => groups.offsets(groupId),
    setGroupOffsets: async (groupId, offsets) => groups.setOffsets(groupId, offsets),
    groupMembers: async groupId => groups.members(groupId),
    evictMembers: async (groupId, memberIds) => groups.evict(groupId, memberIds),
    openReader: options => openReader(topics, readers, options),
    openProducer: () => openProducer(topics),
    joinGroup: options => groups.join(options),
    close: async () => {
      await groups.close()
      await Promise.all([...readers].map(reader => reader.close()))
    }
  }
}

function openReader (topics: MemoryTopics, readers: Set<LogReader>, options: ReaderOptions): LogReader {
  const reader = openMemoryReader(topics, options)
  const stopListening = topics.onAppended(reader.wake)
  const opened: LogReader = {
    wake: reader.wake,
    close: async () => {
      stopListening()
      readers.delete(opened)
      await reader.close()
    }
  }
  readers.add(opened)
  return opened
}

function openProducer (topics: MemoryTopics): LogProducer {
  let isSending = false
  return {
    send: async records => {
      if (isSending) throw new LogError('fatal', 'A producer takes one send at a time: wait for the last one.')
      isSending = true
      try {
        topics.append(records)
        // An acknowledgement takes a turn, so that nobody comes to rely on its being there at once.
        await new Promise(resolve => setImmediate(resolve))
      } finally {
        isSending = false
      }
    },
    close: async () => {}
  }
}
