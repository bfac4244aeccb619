import type { Topic } from '../graph/topic.ts'
import { partitionFor } from '../log/partitioner.ts'
import type { Serde } from '../serdes/serde.ts'
import type { LogHeader, LogRecord, OutgoingRecord } from '../log/log.ts'

export interface PipeOptions {
  /** Milliseconds since 1970; left out: the driver's wall clock. */
  readonly timestamp?: number
  readonly headers?: readonly LogHeader[]
  /** Left out: the one that a Java producer chooses for the key. */
  readonly partition?: number
}

export interface PipedRecord<K, V> extends PipeOptions {
  readonly key: K | null
  readonly value: V | null
}

/** Where a test puts records in. What is not awaited is done in the order of the calls all the same. */
export interface InputTopic<K, V> {
  /** Resolves when everything that follows from the record is done and committed, through internal topics too. */
  readonly pipe: (key: K | null, value: V | null, options?: PipeOptions) => Promise<void>
  /** Puts all of them at hand at once. */
  readonly pipeAll: (records: readonly PipedRecord<K, V>[]) => Promise<void>
}

export interface OutputRecord<K, V> {
  readonly key: K | null
  readonly value: V | null
  readonly timestamp: number
  /** Without the engine's own. */
  readonly headers: readonly LogHeader[]
  readonly partition: number
}

/** Where a test takes records out, each once, in the order in which they were written. */
export interface OutputTopic<K, V> {
  /** undefined: there is no further one. */
  readonly read: () => Promise<OutputRecord<K, V> | undefined>
  readonly readAll: () => Promise<OutputRecord<K, V>[]>
  readonly readValues: () => Promise<(V | null)[]>
  /** The last value of each key; a null value takes its key out. Keys are compared by their bytes. */
  readonly readToMap: () => Promise<Map<K | null, V>>
}

export function encodeRecord<K, V> (topic: Topic<K, V>, { key, value, timestamp, headers = [], partition }: PipedRecord<K, V>, now: number): OutgoingRecord {
  return {
    topic: topic.name,
    key: key === null ? null : topic.key.encode(key),
    value: value === null ? null : topic.value.encode(value),
    headers,
    timestamp: timestamp ?? now,
    ...(partition === undefined ? partitionOfInner(topic.key, key) : { partition })
  }
}

function partitionOfInner<K> (serde: Serde<K>, key: K | null): Pick<OutgoingRecord, 'partition'> {
  if (key === null || serde.partitionBytes === undefined) return {}
  const bytes = serde.partitionBytes(key)
  return { partition: count => partitionFor(bytes, count) }
}

/** `take` takes what is there and was not taken; `limit` undefined: all of it. */
export function openOutput<K, V> (topic: Topic<K, V>, take: (limit?: number) => Promise<readonly LogRecord[]>): OutputTopic<K, V> {
  const readAll = async (): Promise<OutputRecord<K, V>[]> => (await take()).map(record => decodeRecord(topic, record))
  return {
    read: async () => (await take(1)).map(record => decodeRecord(topic, record))[0],
    readAll,
    readValues: async () => (await readAll()).map(({ value }) => value),
    readToMap: async () => {
      const last = new Map<string, readonly [K | null, V]>()
      for (const record of await take()) {
        const { key, value } = decodeRecord(topic, record)
        const bytes = record.key?.toString('latin1') ?? 'null'
        last.delete(bytes)
        if (value !== null) last.set(bytes, [key, value])
      }
      return new Map(last.values())
    }
  }
}

function decodeRecord<K, V> (topic: Topic<K, V>, { key, value, timestamp, headers, partition }: LogRecord): OutputRecord<K, V> {
  return {
    key: key === null ? null : topic.key.decode(key),
    value: value === null ? null : topic.value.decode(value),
    timestamp,
    headers: headers.filter(([name]) => !name.startsWith('millrace-')),
    partition
  }
}
