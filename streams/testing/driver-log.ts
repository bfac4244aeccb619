import type { LogProducer, LogRecord, OutgoingRecord, ReadPosition, TopicPartition, TopicSpec } from '../log/log.ts'
import { MemoryTopics } from '../log/memory-topics.ts'
import type { Engine } from '../task/engine.ts'

/** The log in memory, read and written when the driver says so: nothing happens in it by itself. */
export class DriverLog {
  readonly #topics: MemoryTopics
  /** By topic, in the order in which they were appended. */
  readonly #records = new Map<string, LogRecord[]>()
  readonly #places = new WeakMap<LogRecord, number>()
  #appended = 0
  /** By partition: the question that was answered with nothing. */
  readonly #told = new Map<string, string>()

  constructor (now: () => number) {
    this.#topics = new MemoryTopics(now)
  }

  readonly producer: LogProducer = {
    send: async records => this.append(records),
    close: async () => {}
  }

  async createTopics (specs: readonly TopicSpec[]): Promise<void> {
    this.#topics.create(specs)
  }

  async partitionCounts (names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#topics.counts(names)
  }

  async topicNames (): Promise<readonly string[]> {
    return this.#topics.names()
  }

  append (records: readonly OutgoingRecord[]): void {
    for (const record of this.#topics.append(records)) {
      this.#places.set(record, this.#appended++)
      const known = this.#records.get(record.topic)
      if (known === undefined) this.#records.set(record.topic, [record])
      else known.push(record)
    }
  }

  /** Of all partitions, in the order in which they were appended. */
  recordsOf (topic: string): readonly LogRecord[] {
    return this.#records.get(topic) ?? []
  }

  /** Gives the engine all that it asks for, in the order in which it was appended: the order between tasks is that of the log. */
  feed (engine: Pick<Engine, 'wanted' | 'deliver'>): void {
    const answers = engine.wanted().flatMap(position => this.#answersTo(position))
    for (const { position, record } of answers.sort((a, b) => a.place - b.place)) {
      const { topic, partition, epoch } = position
      const endOffset = this.#partition(position).length
      const [askedOffset, nextOffset] = record === undefined ? [position.offset, position.offset] : [record.offset, record.offset + 1]
      engine.deliver({ topic, partition, epoch, askedOffset, records: record === undefined ? [] : [record], nextOffset, endOffset })
    }
  }

  #answersTo (position: ReadPosition): { readonly position: ReadPosition, readonly record: LogRecord | undefined, readonly place: number }[] {
    const records = this.#partition(position)
    if (position.offset < records.length) return records.slice(position.offset).map(record => ({ position, record, place: this.#places.get(record) ?? 0 }))
    const name = `${position.topic}/${position.partition}`
    const question = `${position.epoch}@${position.offset}`
    if (this.#told.get(name) === question) return []
    this.#told.set(name, question)
    return [{ position, record: undefined, place: -1 }]
  }

  #partition (where: TopicPartition): readonly LogRecord[] {
    return this.#topics.partition(where) ?? []
  }
}
