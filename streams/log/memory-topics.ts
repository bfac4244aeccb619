import { randomUUID } from 'node:crypto'
import { LogError, type LogIdentity, type LogRecord, type OffsetSpec, type OutgoingRecord, type TopicPartition, type TopicSpec } from './log.ts'
import { partitionFor } from './partitioner.ts'

/** As a broker's default `message.max.bytes`. */
const maxRecordBytes = 1_048_588

/** In the place of each record that was deleted. */
const deleted: LogRecord = Object.freeze({ topic: '', partition: 0, offset: 0, timestamp: -Infinity, key: null, value: null, headers: [] })

/** The topics of an in-memory log, each partition an array whose index is the offset. */
export class MemoryTopics {
  readonly #now: () => number
  readonly #id = randomUUID()
  readonly #topics = new Map<string, LogRecord[][]>()
  readonly #ids = new WeakMap<LogRecord[][], string>()
  /** By partition, the offset of the first record that is not deleted. */
  readonly #starts = new WeakMap<LogRecord[], number>()
  readonly #listeners = new Set<() => void>()
  #keyless = 0

  constructor (now: () => number) {
    this.#now = now
  }

  counts (names: readonly string[]): Map<string, number> {
    return new Map(names.flatMap(name => {
      const partitions = this.#topics.get(name)
      return partitions === undefined ? [] : [[name, partitions.length]]
    }))
  }

  names (): string[] {
    return [...this.#topics.keys()]
  }

  identify (names: readonly string[]): LogIdentity {
    return {
      cluster: this.#id,
      topics: new Map(names.flatMap(name => {
        const partitions = this.#topics.get(name)
        return partitions === undefined ? [] : [[name, this.#ids.get(partitions) ?? '']]
      }))
    }
  }

  create (specs: readonly TopicSpec[]): void {
    for (const { name, partitions } of specs) {
      if (this.#topics.has(name)) continue
      const made = Array.from({ length: Math.max(1, partitions) }, (): LogRecord[] => [])
      this.#topics.set(name, made)
      this.#ids.set(made, randomUUID())
    }
    this.#tell()
  }

  delete (names: readonly string[]): void {
    for (const name of names) this.#topics.delete(name)
  }

  deleteBefore ({ topic, partition, offset }: TopicPartition & { readonly offset: number }): void {
    const records = this.#topics.get(topic)?.[partition]
    if (records === undefined) throw missing(topic)
    if (offset > records.length) throw new LogError('out-of-range', `Topic ${topic}/${partition} ends at ${records.length}, before ${offset}.`)
    const start = this.#starts.get(records) ?? 0
    if (offset <= start) return
    records.fill(deleted, start, offset)
    this.#starts.set(records, offset)
  }

  startOf ({ topic, partition }: TopicPartition): number {
    const records = this.#topics.get(topic)?.[partition]
    return (records === undefined ? undefined : this.#starts.get(records)) ?? 0
  }

  /** The records of a partition, or nothing where there is no such partition; before its start there is nothing to be read. */
  partition ({ topic, partition }: TopicPartition): readonly LogRecord[] | undefined {
    return this.#topics.get(topic)?.[partition]
  }

  offsetAt (where: TopicPartition, at: OffsetSpec): number {
    const records = this.partition(where)
    if (records === undefined) throw missing(where.topic)
    if (at === 'earliest') return this.startOf(where)
    if (at === 'latest') return records.length
    const first = records.findIndex(({ timestamp }) => timestamp >= at)
    return first < 0 ? records.length : first
  }

  /** All or nothing: what can never be stored is found before anything is. */
  append (records: readonly OutgoingRecord[]): LogRecord[] {
    this.#keyless++
    const placed = records.map((record, index) => ({ record, ...this.#place(record, index) }))
    const appended = placed.map(({ record: { topic, key, value, headers, timestamp = this.#now() }, partition, into }) => {
      const record = { topic, partition, offset: into.length, timestamp, key, value, headers }
      into.push(record)
      return record
    })
    this.#tell()
    return appended
  }

  /** Calls back when there may be more to read; returns how to stop that. */
  onAppended (listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #place ({ topic, partition, key, value }: OutgoingRecord, recordIndex: number): { readonly partition: number, readonly into: LogRecord[] } {
    const partitions = this.#topics.get(topic)
    if (partitions === undefined) throw missing(topic)
    const chosen = (typeof partition === 'function' ? partition(partitions.length) : partition) ?? (key === null ? this.#keyless % partitions.length : partitionFor(key, partitions.length))
    const into = partitions[chosen]
    if (into === undefined) throw new LogError('fatal', `Topic ${topic} has ${partitions.length} partitions, so there is no partition ${chosen}.`)
    if ((key?.length ?? 0) + (value?.length ?? 0) > maxRecordBytes) {
      throw new LogError('data', `Record ${recordIndex}, for ${topic}/${chosen}, can never be sent: it is larger than ${maxRecordBytes} bytes.`, { recordIndex })
    }
    return { partition: chosen, into }
  }

  #tell (): void {
    for (const listener of this.#listeners) listener()
  }
}

function missing (topic: string): LogError {
  return new LogError('outage', `Topic ${topic} does not exist: create it, and what waits for it goes on.`)
}
