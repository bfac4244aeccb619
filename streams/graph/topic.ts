import { json, text, type Serde } from './serde.ts'

/** A topic that a topology reads or writes, with what its bytes mean. */
export interface Topic<K = unknown, V = unknown> {
  /** Of an internal topic what stands behind the application id and a dash, see `topicName`. */
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** How many partitions to make it with where it is missing: a count, as many as another topic has, or left open, which only an internal topic may. */
  readonly partitions: number | Topic | undefined
  /** A topology runs without an optional source that neither exists nor may be made. */
  readonly optional: boolean
  /** The application's own: made, read, written, purged and deleted by it alone. */
  readonly internal: boolean
}

/** A topic as a sink sees it: what it can write there, whatever else the topic may hold. */
export interface SinkTopic<K, V> extends Topic {
  readonly key: Serde<unknown> & { encode (key: K): Buffer }
  readonly value: Serde<unknown> & { encode (value: V): Buffer }
}

export interface TopicOptions {
  readonly name: string
  readonly partitions?: number | Topic
  readonly optional?: boolean
}

/** A topic of JSON values under text keys. */
export function defineTopic ({ name, partitions = 6, optional = false }: TopicOptions): Topic<string, unknown> {
  checkTopicName(name)
  return Object.freeze({ name, key: text, value: json, partitions, optional, internal: false })
}

export interface InternalTopicOptions<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** Left out: as many as the largest input of what writes to it. */
  readonly partitions?: number | Topic | undefined
}

/**
 * A topic of the application's own between two of its sub-topologies. What a commit unit writes there is read once, whatever
 * becomes of the unit: readers take the records of committed units only.
 */
export function defineInternalTopic<K, V> ({ name, key, value, partitions }: InternalTopicOptions<K, V>): Topic<K, V> {
  checkTopicName(name)
  return Object.freeze({ name, key, value, partitions, optional: false, internal: true })
}

export function checkTopicName (name: string): void {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) {
    throw new TypeError(`Topic '${name}': a topic's name has 1 to 249 letters, digits, '.', '_' or '-'.`)
  }
}
