import type { LogicalGraph } from './logical-graph.ts'
import { json } from '../serdes/json.ts'
import { text } from '../serdes/text.ts'
import type { Serde } from '../serdes/serde.ts'

/** The store that an operator keeps its result in. */
export interface StoreOptions<K, V> {
  /** Its table, and the name under which it can be read from outside; left out: a numbered one. */
  readonly name?: string
  readonly key?: Serde<K>
  readonly value?: Serde<V>
  /** False: every change is handed on, also where one record changes a row several times. */
  readonly caching?: boolean
}

/** A table's store; with a history it keeps versions, and answers as of a time. */
export interface TableStoreOptions<K, V> extends StoreOptions<K, V> {
  readonly historyRetentionMs?: number
}

export interface WindowStoreOptions<K, V> extends StoreOptions<K, V> {
  /** How long windows can be read; at least, and left out, as long as records may come for them. */
  readonly retentionMs?: number
}

export interface ResolvedStore<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly caching: boolean
  /** Given a name by the topology's author. */
  readonly isNamed: boolean
}

export function resolveStore<K, V> (
  graph: LogicalGraph, options: StoreOptions<K, V> | undefined, prefix: string, inherited: { readonly key: Serde<K> | undefined, readonly value: Serde<V> | undefined }
): ResolvedStore<K, V> {
  return {
    name: options?.name === undefined ? graph.newStoreName(prefix) : graph.check(options.name),
    isNamed: options?.name !== undefined,
    caching: graph.caching && (options?.caching ?? true),
    key: options?.key ?? inherited.key ?? keySerde(),
    value: options?.value ?? inherited.value ?? valueSerde()
  }
}

/** Of keys for which no serde was given: they have to be text, and one that is not says so. */
export function keySerde<K> (): Serde<K> {
  // What it is given is checked when it is encoded, and what it decodes it has encoded.
  return textKey as Serde<unknown> as Serde<K>
}

/** Of values for which no serde was given: JSON. */
export function valueSerde<V> (): Serde<V> {
  // JSON of this topology's own values, read back by nobody else.
  return json as Serde<unknown> as Serde<V>
}

const textKey: Serde<string> = {
  name: text.name,
  decode: bytes => text.decode(bytes),
  encode (key) {
    if (typeof key !== 'string') throw new TypeError(`The key ${JSON.stringify(key)} is no text; say how it is written where it is made: selectKey(…, { key }), map(…, { key }) or groupBy(…, { key }).`)
    return text.encode(key)
  }
}
