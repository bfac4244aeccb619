/**
 * The recommender's contract as a plain, slow model: what must stand in Postgres and in the dead-letter topic after
 * a list of records. It is written apart from the implementation and shares no code with it, so that a mistake has to
 * be made twice to stay unseen.
 *
 * The list is taken in processing order. That order matters within one user only (previous item, history, which of two
 * records with one event id came first). What a worker promises, and a caller must hand in accordingly:
 * - the records of one topic-partition come in offset order;
 * - the partitions with the same number of `reco_watch` and `reco_event` are one task and are interleaved by record
 *   timestamp *among what is at hand*. So a user found in both topics has one possible order only where the test
 *   decides what is at hand; `random-log.ts` makes logs without such users on demand;
 * - a user, and an event id, live in one partition number.
 */

export interface ModelRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** −1: none. */
  readonly timestamp: number
  /** Bytes: where they need not be text. */
  readonly key: string | Buffer | null
  readonly value: Buffer | null
}

export interface ModelSettings {
  readonly topics: { readonly impression: string, readonly watch: string, readonly event: string }
  readonly historySize: number
  readonly maxFutureMs: number
  readonly maxAgeMs: number
  /** A processor was made to throw on this item, behind all that it does with the others. */
  readonly throwingItem?: string
}

/** The contract's defaults. */
export const contractSettings: ModelSettings = {
  topics: { impression: 'reco_impression', watch: 'reco_watch', event: 'reco_event' },
  historySize: 20,
  maxFutureMs: 5 * 60_000,
  maxAgeMs: 30 * 86_400_000
}

export type Context = Readonly<Record<string, string | null>>

interface EventColumns {
  readonly event_id: string
  readonly user_id: string
  readonly session_id: string
  readonly request_id: string
  readonly ts_ms: number
  readonly server_received_ts_ms: number | null
  /** jsonb, parsed. */
  readonly context: Context | null
}

export interface ImpressionRow extends EventColumns {
  readonly position: number
  readonly item_id: string
  readonly feed_id: string | null
  readonly slot: string | null
}

export interface WatchRow extends EventColumns {
  readonly item_id: string
  readonly watch_time_sec: number
  readonly percent_watched: number | null
  readonly ended: boolean | null
  readonly playback_speed: number | null
  readonly rebuffer_count: number | null
}

export interface EventRow {
  readonly event_id: string
  readonly user_id: string
  readonly item_id: string
  readonly event_type: Signal
  /** timestamptz, in milliseconds since 1970. */
  readonly ts: number
}

export interface HistoryRow {
  readonly user_id: string
  readonly pos: number
  readonly item_id: string
  /** timestamptz, in milliseconds since 1970. */
  readonly ts: number
}

export type ErrorType = 'decode' | 'json' | 'schema' | 'window' | 'processor'

export interface DeadLetter {
  readonly source_topic: string
  readonly source_partition: number
  readonly source_offset: number
  readonly error_type: ErrorType
}

/** Every list is sorted by its key, text in the byte order of UTF-8; bigint and double are numbers; created_at and updated_at are left out. */
export interface ModelResult {
  readonly impressions: readonly ImpressionRow[]
  readonly watches: readonly WatchRow[]
  readonly events: readonly EventRow[]
  readonly item_popularity: ReadonlyArray<{ readonly item_id: string, readonly score: number }>
  readonly co_visitation: ReadonlyArray<{ readonly prev_item_id: string, readonly next_item_id: string, readonly cnt: number }>
  readonly co_visitation_out: ReadonlyArray<{ readonly item_id: string, readonly cnt: number }>
  readonly co_visitation_in: ReadonlyArray<{ readonly item_id: string, readonly cnt: number }>
  readonly user_history: readonly HistoryRow[]
  /** By topic, partition and offset. */
  readonly dead_letters: readonly DeadLetter[]
}

type Signal = 'view' | 'click' | 'purchase'

const weights = { view: 1, click: 3, purchase: 10 }

/** What the contract says of these records. Delivered twice: a record is judged again, and a known event changes nothing. */
export function runModel (records: readonly ModelRecord[], settings: ModelSettings = contractSettings): ModelResult {
  const model = new Model(settings)
  for (const record of records) model.take(record)
  return model.result()
}

class Model {
  readonly #settings: ModelSettings
  readonly #impressions = new Map<string, ImpressionRow>()
  readonly #watches = new Map<string, WatchRow>()
  readonly #events = new Map<string, EventRow>()
  readonly #popularity = new Map<string, number>()
  readonly #coVisitation = new Map<string, number>()
  readonly #coVisitationOut = new Map<string, number>()
  readonly #coVisitationIn = new Map<string, number>()
  readonly #histories = new Map<string, HistoryRow[]>()
  readonly #deadLetters: DeadLetter[] = []

  constructor (settings: ModelSettings) {
    this.#settings = settings
  }

  take (record: ModelRecord): void {
    try {
      this.#store(record)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#deadLetters.push({
        source_topic: record.topic,
        source_partition: record.partition,
        source_offset: record.offset,
        error_type: error.type
      })
    }
  }

  #store (record: ModelRecord): void {
    const { topics } = this.#settings
    if (Buffer.isBuffer(record.key)) decode(record.key)
    switch (record.topic) {
      case topics.impression: return this.#storeImpression(record)
      case topics.watch: return this.#storeWatch(record)
      case topics.event: return this.#storeEvent(record)
      default: throw new Error(`The model knows no topic '${record.topic}'; name it in the settings.`)
    }
  }

  #storeImpression (record: ModelRecord): void {
    const rows = readImpression(readJson(record.value))
    for (const row of rows) this.#checkWindow(row.ts_ms, record)

    for (const row of rows) {
      const key = joined(row.event_id, row.position)
      if (!this.#impressions.has(key)) this.#impressions.set(key, row)
    }
  }

  #storeWatch (record: ModelRecord): void {
    const row = readWatch(readJson(record.value))
    this.#checkWindow(row.ts_ms, record)
    if (this.#watches.has(row.event_id)) return
    this.#checkItem(row.item_id)

    this.#watches.set(row.event_id, row)
    this.#learn({ userId: row.user_id, itemId: row.item_id, ts: row.ts_ms, signal: signalOf(row) })
  }

  #storeEvent (record: ModelRecord): void {
    const row = readEvent(readJson(record.value))
    this.#checkWindow(row.ts, record)
    if (this.#events.has(row.event_id)) return
    this.#checkItem(row.item_id)

    this.#events.set(row.event_id, row)
    this.#learn({ userId: row.user_id, itemId: row.item_id, ts: row.ts, signal: row.event_type })
  }

  #checkWindow (ts: number, { timestamp }: ModelRecord): void {
    if (timestamp === -1) return
    if (ts > timestamp + this.#settings.maxFutureMs) throw new Refused('window')
    if (ts < timestamp - this.#settings.maxAgeMs) throw new Refused('window')
  }

  #checkItem (itemId: string): void {
    if (itemId === this.#settings.throwingItem) throw new Refused('processor')
  }

  #learn ({ userId, itemId, ts, signal }: { readonly userId: string, readonly itemId: string, readonly ts: number, readonly signal: Signal }): void {
    const history = this.#histories.get(userId) ?? []
    const newest = history.at(-1)

    add(this.#popularity, itemId, weights[signal])
    if (newest !== undefined && newest.item_id !== itemId) {
      add(this.#coVisitation, joined(newest.item_id, itemId), 1)
      add(this.#coVisitationOut, newest.item_id, 1)
      add(this.#coVisitationIn, itemId, 1)
    }
    history.push({ user_id: userId, pos: (newest?.pos ?? 0) + 1, item_id: itemId, ts })
    if (history.length > this.#settings.historySize) history.shift()
    this.#histories.set(userId, history)
  }

  result (): ModelResult {
    return {
      impressions: sorted([...this.#impressions.values()], row => joined(row.event_id, row.position)),
      watches: sorted([...this.#watches.values()], row => row.event_id),
      events: sorted([...this.#events.values()], row => row.event_id),
      item_popularity: sorted([...this.#popularity], ([item]) => item).map(([item, score]) => ({ item_id: item, score })),
      co_visitation: sorted([...this.#coVisitation], ([pair]) => pair).map(([pair, cnt]) => ({ ...splitPair(pair), cnt })),
      co_visitation_out: counts(this.#coVisitationOut),
      co_visitation_in: counts(this.#coVisitationIn),
      user_history: sorted([...this.#histories.values()].flat(), row => joined(row.user_id, row.pos)),
      dead_letters: sorted(this.#deadLetters, letter => joined(letter.source_topic, letter.source_partition, letter.source_offset))
    }
  }
}

function signalOf (watch: WatchRow): Signal {
  const percent = watch.percent_watched ?? 0
  if (percent >= 80 || watch.watch_time_sec >= 120) return 'purchase'
  if (percent >= 40 || watch.watch_time_sec >= 30) return 'click'
  return 'view'
}

// --- Reading an event: every function returns it, or throws `Refused` ---

class Refused extends Error {
  readonly type: ErrorType

  constructor (type: ErrorType) {
    super(type)
    this.type = type
  }
}

function readJson (value: Buffer | null): unknown {
  if (value === null) throw new Refused('decode')
  const text = decode(value)
  try {
    return JSON.parse(text)
  } catch {
    throw new Refused('json')
  }
}

function decode (value: Buffer): string {
  try {
    // With `ignoreBOM` a byte order mark stays in the text, where JSON does not allow it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  } catch {
    throw new Refused('decode')
  }
}

function readImpression (value: unknown): ImpressionRow[] {
  const fields = new Fields(value)
  const event = readEventColumns(fields)
  fields.optional('event_type', oneOf('impression'))
  const items = fields.required('items', list(1, 500)).map(readItem)
  fields.end()

  if (new Set(items.map(item => item.position)).size < items.length) throw new Refused('schema')
  if (new Set(items.map(item => item.item_id)).size < items.length) throw new Refused('schema')
  return items.map(item => ({ ...event, ...item }))
}

function readItem (value: unknown) {
  const fields = new Fields(value)
  const item = {
    item_id: fields.required('item_id', text(1, 128)),
    position: fields.required('position', integer(0, 2 ** 31 - 1)),
    feed_id: fields.optional('feed_id', text()),
    slot: fields.optional('slot', text())
  }
  fields.end()
  return item
}

function readWatch (value: unknown): WatchRow {
  const fields = new Fields(value)
  const event = readEventColumns(fields)
  fields.optional('event_type', oneOf('watch'))
  const watch = {
    item_id: fields.required('item_id', text(1, 128)),
    watch_time_sec: fields.required('watch_time_sec', number(0, Number.MAX_VALUE)),
    percent_watched: fields.optional('percent_watched', number(0, 100)),
    ended: fields.optional('ended', flag),
    playback_speed: fields.optional('playback_speed', number(0.25, 4)),
    rebuffer_count: fields.optional('rebuffer_count', integer(0))
  }
  fields.end()
  return { ...event, ...watch }
}

function readEvent (value: unknown): EventRow {
  const fields = new Fields(value)
  const event = {
    event_id: fields.required('event_id', text(8, 64)),
    user_id: fields.required('user_id', text(1, 128)),
    item_id: fields.required('item_id', text(1, 128)),
    event_type: fields.required('event_type', oneOf('view', 'click', 'purchase')),
    ts: inMilliseconds(fields.required('ts', integer(1)))
  }
  fields.optional('server_received_ts_ms', integer(1))
  fields.end()
  return event
}

function readEventColumns (fields: Fields): EventColumns {
  return {
    event_id: fields.required('event_id', text(8, 64)),
    user_id: fields.required('user_id', text(1, 128)),
    session_id: fields.required('session_id', text(1, 128)),
    request_id: fields.required('request_id', text(1, 128)),
    ts_ms: inMilliseconds(fields.required('ts_ms', integer(1))),
    server_received_ts_ms: fields.optional('server_received_ts_ms', integer(1)),
    context: fields.optional('context', readContext)
  }
}

const contextFields = ['device', 'platform', 'app_version', 'locale', 'country', 'timezone', 'referrer', 'user_agent']

/** Stored as it was given: a field that is null stays, one that is missing stays missing. */
function readContext (value: unknown): Context {
  const fields = new Fields(value)
  const context: Record<string, string | null> = {}
  for (const name of contextFields) {
    const given = fields.has(name)
    const content = fields.optional(name, text())
    if (given) context[name] = content
  }
  fields.end()
  return context
}

function inMilliseconds (time: number): number {
  return time < 10 ** 12 ? time * 1000 : time
}

type Read<T> = (value: unknown) => T

/** The fields of an object, taken one by one; what is left at the end is unknown. */
class Fields {
  readonly #left: Map<string, unknown>

  constructor (value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused('schema')
    this.#left = new Map(Object.entries(value))
  }

  has (name: string): boolean {
    return this.#left.has(name)
  }

  required<T> (name: string, read: Read<T>): T {
    const value = this.#left.get(name)
    this.#left.delete(name)
    return read(value)
  }

  optional<T> (name: string, read: Read<T>): T | null {
    return this.required(name, value => value === undefined || value === null ? null : read(value))
  }

  end (): void {
    if (this.#left.size > 0) throw new Refused('schema')
  }
}

/** Lengths count code points. */
function text (min = 0, max = Infinity): Read<string> {
  return value => {
    if (typeof value !== 'string' || value.includes('\u0000') || !value.isWellFormed()) throw new Refused('schema')
    const length = [...value].length
    if (length < min || length > max) throw new Refused('schema')
    return value
  }
}

function number (min: number, max: number): Read<number> {
  return value => {
    if (typeof value !== 'number' || !(value >= min && value <= max)) throw new Refused('schema')
    return value + 0 // −0 is stored as 0
  }
}

function integer (min: number, max = Number.MAX_SAFE_INTEGER): Read<number> {
  return value => {
    if (!Number.isSafeInteger(value)) throw new Refused('schema')
    return number(min, max)(value)
  }
}

function flag (value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Refused('schema')
  return value
}

function list (min: number, max: number): Read<unknown[]> {
  return value => {
    if (!Array.isArray(value) || value.length < min || value.length > max) throw new Refused('schema')
    return value
  }
}

function oneOf<const T extends string> (...allowed: readonly T[]): Read<T> {
  return value => {
    const found = allowed.find(each => each === value)
    if (found === undefined) throw new Refused('schema')
    return found
  }
}

// --- Counting and sorting ---

function add (counter: Map<string, number>, key: string, amount: number): void {
  counter.set(key, (counter.get(key) ?? 0) + amount)
}

function counts (counter: ReadonlyMap<string, number>) {
  return sorted([...counter], ([item]) => item).map(([item, cnt]) => ({ item_id: item, cnt }))
}

/** One text for a key of several columns. U+0000 is in no valid text and sorts first; numbers are padded, so that their text sorts like them. */
function joined (...parts: ReadonlyArray<string | number>): string {
  return parts.map(part => typeof part === 'number' ? String(part).padStart(16, '0') : part).join('\u0000')
}

function splitPair (pair: string): { readonly prev_item_id: string, readonly next_item_id: string } {
  const [prev = '', next = ''] = pair.split('\u0000')
  return { prev_item_id: prev, next_item_id: next }
}

/** By the bytes of the key's UTF-8, as Postgres sorts `collate "C"`; JavaScript's own order differs above U+FFFF. */
function sorted<T> (rows: readonly T[], keyOf: (row: T) => string): T[] {
  return rows
    .map(row => ({ row, key: Buffer.from(keyOf(row)) }))
    .sort((left, right) => Buffer.compare(left.key, right.key))
    .map(({ row }) => row)
}
