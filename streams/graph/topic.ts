import { json } from '../serdes/json.ts'
import type { Serde } from '../serdes/serde.ts'
import { text } from '../serdes/text.ts'

/** A topic that a topology reads or writes, with what its bytes mean. */
export interface Topic<K = unknown, V = unknown> {
  /** Of an internal topic what stands behind the application id and a dash, see `topicName`. */
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** How many partitions to make it with where it is missing: a count, or as many as another topic has. */
  readonly partitions: Partitioning
  /** A topology runs without an optional source that neither exists nor may be made. */
  readonly optional: boolean
  /** The application's own: made, read, written, purged and deleted by it alone. Its real name has the application id and a dash before it. */
  readonly internal: boolean
  /** Of an internal topic that is not called as the others are: its real name, by application id. */
  readonly nameOn?: ((applicationId: string) => string) | undefined
}

/** A count · as many as another topic has · undefined: as many as what writes to it needs. */
export type Partitioning = number | Topic | undefined

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

type WithKey<K> = TopicOptions & { readonly key: Serde<K> }
type WithValue<V> = TopicOptions & { readonly value: Serde<V> }
type WithoutKey = TopicOptions & { readonly key?: never }
type WithoutValue = TopicOptions & { readonly value?: never }

/** A topic with what its keys and values are: text and JSON where nothing else is said. */
export function defineTopic (options: WithoutKey & WithoutValue): Topic<string, unknown>
export function defineTopic<K> (options: WithKey<K> & WithoutValue): Topic<K, unknown>
export function defineTopic<V> (options: WithoutKey & WithValue<V>): Topic<string, V>
export function defineTopic<K, V> (options: WithKey<K> & WithValue<V>): Topic<K, V>
export function defineTopic (
  { name, key = text, value = json, partitions = 6, optional = false }: TopicOptions & { readonly key?: Serde<unknown>, readonly value?: Serde<unknown> }
): Topic {
  checkTopicName(name)
  return Object.freeze({ name, key, value, partitions, optional, internal: false })
}

export interface InternalTopicOptions<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** Left out: as many as the largest input of what writes to it. */
  readonly partitions?: number | Topic | undefined
  /** Its name on the cluster. Left out: `name` behind the application id and a dash. */
  readonly nameOn?: ((applicationId: string) => string) | undefined
}

/**
 * A topic of the application's own between two of its sub-topologies. What a commit unit writes there is read once, whatever
 * becomes of the unit: readers take the records of committed units only.
 */
export function defineInternalTopic<K, V> ({ name, key, value, partitions, nameOn }: InternalTopicOptions<K, V>): Topic<K, V> {
  checkTopicName(name)
  return Object.freeze({ name, key, value, partitions, optional: false, internal: true, nameOn })
}

export function checkTopicName (name: string): void {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) {
    throw new TypeError(`Topic '${name}': a topic's name has 1 to 249 letters, digits, '.', '_' or '-'.`)
  }
}
