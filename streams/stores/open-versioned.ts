import type { Execution } from '../graph/execution.ts'
import type { Node } from '../graph/node.ts'
import type { Serde } from '../serdes/serde.ts'
import type { ValueAndTimestamp } from '../graph/value-getter.ts'
import { lastKeyBytes } from './key-bytes.ts'
import { openOrdered } from './open-ordered.ts'
import type { OrderedEntry } from './ordered.ts'
import { latestOf, validToOf, versionOf, versionsFrom } from './versioned-keys.ts'
import type { Versioned } from './versioned.ts'

export interface VersionedRecord<V> extends ValueAndTimestamp<V> {
  /** When the next version of the key began; undefined: this is the latest. */
  readonly validTo: number | undefined
}

/** When the version that was put ends: 'undefined' for the latest, 'notPut' where it came too late. */
export type ValidTo = number | 'undefined' | 'notPut'

export interface VersionedReader<K, V> {
  readonly get: (key: K) => VersionedRecord<V> | undefined
  /** What was valid at a time. Beyond the history only the latest is found. */
  readonly getAsOf: (key: K, asOf: number) => VersionedRecord<V> | undefined
  /** All versions that were valid at some time from `from` to `to`, the newest first. */
  readonly versions: (key: K, range?: { readonly from?: number, readonly to?: number, readonly ascending?: boolean }) => readonly VersionedRecord<V>[]
}

export interface VersionedStore<K, V> extends VersionedReader<K, V> {
  readonly put: (key: K, value: V | null, timestamp: number) => ValidTo
  /** Puts "no value"; answers with what was valid then, and with nothing where it comes too late. */
  readonly delete: (key: K, timestamp: number) => VersionedRecord<V> | undefined
}

/** The latest value of a key never becomes too old. */
const FOR_EVER = Number.MAX_SAFE_INTEGER

/** Kafka Streams' versioned store (KIP-889). What comes too late for its history is dropped, and counted under `node`. */
export function openVersioned<K, V> (execution: Execution, node: Node, store: Versioned<V>, key: Serde<K>): VersionedStore<K, V> {
  const versions = new Versions(execution, store)
  const isTooLate = (timestamp: number): boolean => {
    if (timestamp >= versions.oldest) return false
    execution.drop(node, 'expired')
    return true
  }
  const bytesOf = lastKeyBytes(key)
  return {
    ...reading(versions, bytesOf),
    put: (each, value, timestamp) => isTooLate(timestamp) ? 'notPut' : versions.put(bytesOf(each), value, timestamp),
    delete (each, timestamp) {
      if (isTooLate(timestamp)) return undefined
      const bytes = bytesOf(each)
      const existing = versions.getAsOf(bytes, timestamp)
      versions.put(bytes, null, timestamp)
      return existing
    }
  }
}

export function readVersioned<K, V> (execution: Execution, store: Versioned<V>, key: Serde<K>): VersionedReader<K, V> {
  return reading(new Versions(execution, store), lastKeyBytes(key))
}

function reading<K, V> (versions: Versions<V>, bytesOf: (key: K) => string): VersionedReader<K, V> {
  return {
    get: each => versions.latest(bytesOf(each)),
    getAsOf: (each, asOf) => versions.getAsOf(bytesOf(each), asOf),
    versions (each, { from = -Infinity, to = Infinity, ascending = false } = {}) {
      const found = versions.between(bytesOf(each), from, to)
      return ascending ? found.reverse() : found
    }
  }
}

class Versions<V> {
  readonly #entries
  /** The stream time of what was put here. */
  readonly #observed
  readonly #historyRetentionMs
  readonly #segmentIntervalMs

  constructor (execution: Execution, { entries, historyRetentionMs, segmentIntervalMs }: Versioned<V>) {
    this.#entries = openOrdered(execution, entries)
    this.#observed = execution.time(`${entries.name}-observed`)
    this.#historyRetentionMs = historyRetentionMs
    this.#segmentIntervalMs = segmentIntervalMs
  }

  get oldest (): number {
    return this.#observed.get() - this.#historyRetentionMs
  }

  latest (key: string): VersionedRecord<V> | undefined {
    const entry = this.#entries.get(latestOf(key))
    return entry === undefined || entry.value === null ? undefined : { value: entry.value, timestamp: entry.timestamp, validTo: undefined }
  }

  getAsOf (key: string, asOf: number): VersionedRecord<V> | undefined {
    const latest = this.latest(key)
    if (latest !== undefined && latest.timestamp <= asOf) return latest
    if (asOf < this.oldest) return undefined
    const entry = this.#endingBehind(key, asOf)
    if (entry === undefined || entry.value === null || entry.timestamp > asOf) return undefined
    return { value: entry.value, timestamp: entry.timestamp, validTo: validToOf(entry.key) }
  }

  between (key: string, from: number, to: number): VersionedRecord<V>[] {
    const latest = this.latest(key)
    const found = latest !== undefined && latest.timestamp <= to ? [latest] : []
    if (to < this.oldest) return found
    const all = versionsFrom(key)
    for (const entry of this.#entries.range(all.from, all.to, { reverse: true })) {
      const validTo = validToOf(entry.key)
      if (validTo <= from || this.#segmentOf(validTo) < this.#oldestSegment) break
      if (entry.value !== null && entry.timestamp <= to) found.push({ value: entry.value, timestamp: entry.timestamp, validTo })
    }
    return found
  }

  put (key: string, value: V | null, timestamp: number): ValidTo {
    this.#advance(timestamp)
    const latest = this.latest(key)
    if (latest !== undefined && latest.timestamp <= timestamp) {
      if (latest.timestamp < timestamp) this.#keep(key, latest.value, latest.timestamp, timestamp)
      this.#putLatest(key, value, timestamp)
      return 'undefined'
    }
    const next = this.#endingBehind(key, timestamp)
    if (next !== undefined) return this.#putBefore(key, value, timestamp, next)
    if (latest !== undefined) {
      this.#keep(key, value, timestamp, latest.timestamp)
      return latest.timestamp
    }
    if (value !== null) this.#putLatest(key, value, timestamp)
    else if (this.#entries.get(versionOf(key, timestamp)) === undefined) this.#keep(key, null, timestamp, timestamp)
    return 'undefined'
  }

  #putLatest (key: string, value: V | null, timestamp: number): void {
    if (value === null) this.#entries.delete(latestOf(key))
    else this.#entries.put(latestOf(key), value, timestamp, FOR_EVER)
  }

  /** Into a gap before a version, in place of one, or into one, which then ends where the new one begins. */
  #putBefore (key: string, value: V | null, timestamp: number, next: OrderedEntry<V | null>): number {
    const validTo = next.timestamp > timestamp ? next.timestamp : validToOf(next.key)
    if (next.timestamp < timestamp) this.#keep(key, next.value, next.timestamp, timestamp)
    this.#keep(key, value, timestamp, validTo)
    return validTo
  }

  #keep (key: string, value: V | null, validFrom: number, validTo: number): void {
    this.#entries.put(versionOf(key, validTo), value, validFrom, validTo)
  }

  /** The earlier version that ends first behind a time. */
  #endingBehind (key: string, time: number): OrderedEntry<V | null> | undefined {
    const { from, to } = versionsFrom(key, time + 1)
    const [first] = this.#entries.range(from, to)
    return first
  }

  #advance (timestamp: number): void {
    const before = this.#oldestSegment
    this.#observed.set(Math.max(this.#observed.get(), timestamp))
    if (this.#oldestSegment > before) this.#entries.expire(this.#oldestSegment * this.#segmentIntervalMs)
  }

  get #oldestSegment (): number {
    return this.#segmentOf(this.oldest)
  }

  #segmentOf (time: number): number {
    return Math.floor(time / this.#segmentIntervalMs)
  }
}
