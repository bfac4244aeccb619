import { createRandom, createSkewed, type Random } from '../../bin/sample-events.ts'
import { contractSettings, type ErrorType, type ModelRecord, type ModelSettings } from './model.ts'

/** Shares of all records; the rest are watches. */
export interface LogShares {
  readonly impression: number
  readonly event: number
  /** Records that must be dead-lettered, of all the kinds in `brokenKinds` in turn. */
  readonly broken: number
  /** An earlier record once more: same topic, partition, key and value, a later offset. */
  readonly duplicate: number
  /** Valid events at the limits of what is allowed. */
  readonly edge: number
  /** Valid events whose record key is null or another user's. */
  readonly strayKey: number
}

export interface LogOptions {
  readonly seed: number
  /** How many records, broken ones and duplicates among them. */
  readonly events: number
  readonly partitions: number
  /** The timestamp before the first record's. */
  readonly base?: number
  readonly shares?: Partial<LogShares>
  readonly users?: number
  /** The rank of the first user: two logs whose ranks do not meet have no user in common. */
  readonly firstUser?: number
  readonly items?: number
  readonly settings?: ModelSettings
  /**
   * A user is found in `reco_watch` and in `reco_event`. The order of such a user's records is that of the timestamps
   * only where both topics are at hand at once, so it is off unless the test sees to that.
   */
  readonly mixedUsers?: boolean
}

export interface RandomRecord extends ModelRecord {
  /** `valid`, `duplicate`, or the name of a broken kind. */
  readonly kind: string
}

const defaultShares: LogShares = { impression: 0.15, event: 0.05, broken: 0.01, duplicate: 0.005, edge: 0.01, strayKey: 0.002 }

/** A duplicate repeats one of so many valid records before it. */
const REMEMBERED = 1_000

/** Its multiples, modulo 1, are spread evenly. */
const GOLDEN_RATIO = 0.618_033_988_75

type Topic = keyof ModelSettings['topics']
type Event = Readonly<Record<string, unknown>>

/**
 * A log to test with: users and items by Zipf, each user in the partition that murmur2 gives, timestamps that grow
 * strictly over the whole log. The same options give the same log.
 */
export function createRandomLog (options: LogOptions): RandomRecord[] {
  const writer = new LogWriter(options)
  for (let count = 0; count < options.events; count++) writer.writeNext()
  return writer.records
}

class LogWriter {
  readonly records: RandomRecord[] = []
  readonly #settings: ModelSettings
  readonly #shares: LogShares
  readonly #mixedUsers: boolean
  readonly #random: Random
  readonly #drawUser: () => User
  readonly #drawItem: () => string
  readonly #offsets = new Map<string, number>()
  readonly #valid: RandomRecord[] = []
  readonly #idPrefix: string
  #time: number
  #brokenCount = 0

  constructor ({ seed, partitions, base = 1_750_000_000_000, shares, users = 2_000, firstUser = 0, items = 1_000, settings = contractSettings, mixedUsers = false }: LogOptions) {
    this.#settings = settings
    this.#shares = { ...defaultShares, ...shares }
    this.#mixedUsers = mixedUsers
    this.#random = createRandom(seed)
    this.#drawUser = createSkewed(Array.from({ length: users }, (_, rank) => createUser(firstUser + rank, partitions)), 0.9, this.#random)
    this.#drawItem = createSkewed(Array.from({ length: items }, (_, rank) => itemName(rank)), 1, this.#random)
    this.#idPrefix = `event-${seed}-`
    this.#time = base
  }

  writeNext (): void {
    this.#time += 1 + this.#random.below(20)
    const dice = this.#random.next()
    if (dice < this.#shares.broken) this.#writeBroken()
    else if (dice < this.#shares.broken + this.#shares.duplicate && this.#valid.length > 0) this.#repeat()
    else this.#writeValid()
  }

  #writeValid (): void {
    const { event, topic, user } = this.#createEvent()
    const changed = this.#random.chance(this.#shares.edge) ? this.#moveToEdge(event, topic) : event
    const key = this.#random.chance(this.#shares.strayKey) ? this.#random.pick([null, userName(0), '']) : user.id
    this.#valid.push(this.#append({ kind: 'valid', topic, partition: user.partition, key, value: toBytes(changed) }))
  }

  #repeat (): void {
    const { topic, partition, key, value } = this.#random.pick(this.#valid.slice(-REMEMBERED))
    this.#appendTo(topic, { kind: 'duplicate', partition, key, value })
  }

  #writeBroken (): void {
    const names = Object.keys(brokenKinds)
    const kind = names[this.#brokenCount++ % names.length] ?? ''
    const broken = brokenKinds[kind]
    if (broken === undefined) throw new Error(`No broken kind '${kind}'.`)

    const { event, topic, user } = this.#createEvent(broken.topic)
    const value = broken.make(event, { timeField: timeFieldOf(topic), now: this.#time, settings: this.#settings })
    this.#append({ kind, topic, partition: user.partition, key: user.id, value })
  }

  #append ({ topic, ...record }: { readonly topic: Topic } & Omit<RandomRecord, 'topic' | 'offset' | 'timestamp'>): RandomRecord {
    return this.#appendTo(this.#settings.topics[topic], record)
  }

  #appendTo (topic: string, record: Omit<RandomRecord, 'topic' | 'offset' | 'timestamp'>): RandomRecord {
    const place = `${topic} ${record.partition}`
    const offset = this.#offsets.get(place) ?? 0
    this.#offsets.set(place, offset + 1)

    const appended = { topic, offset, timestamp: this.#time, ...record }
    this.records.push(appended)
    return appended
  }

  #createEvent (wanted?: Topic) {
    const user = this.#drawUser()
    const topic = wanted ?? this.#chooseTopic(user)
    return { event: this.#describe(topic, user.id), topic, user }
  }

  #chooseTopic (user: User): Topic {
    const { impression, event } = this.#shares
    if (this.#random.chance(impression)) return 'impression'
    const dice = this.#mixedUsers ? this.#random.next() : user.dice
    return dice < event / (1 - impression) ? 'event' : 'watch'
  }

  #describe (topic: Topic, userId: string): Event {
    const random = this.#random
    const time = this.#time - random.below(60_000)
    const names = { event_id: this.#idPrefix + this.records.length, user_id: userId }
    const item = { item_id: this.#drawItem() }

    if (topic === 'event') {
      const event = { ...names, ...item, event_type: random.pick(['view', 'click', 'purchase']), ts: time }
      return random.chance(0.5) ? event : { ...event, server_received_ts_ms: time + 5 }
    }
    const common = {
      ...names,
      session_id: `session-${userId}`,
      request_id: `request-${this.records.length}`,
      ts_ms: random.chance(0.05) ? Math.floor(time / 1000) : time,
      ...random.pick(optionalFields)
    }
    return topic === 'impression' ? { ...common, items: this.#describeItems() } : { ...common, ...item, ...this.#describeWatch() }
  }

  #describeItems (): Event[] {
    const ids = new Set<string>()
    const count = 1 + this.#random.below(10)
    for (let tries = 0; tries < 30 && ids.size < count; tries++) ids.add(this.#drawItem())
    const first = this.#random.chance(0.1) ? 10 : 0
    return [...ids].map((id, index) => ({ item_id: id, position: first + index, ...this.#random.pick(optionalItemFields) }))
  }

  #describeWatch (): Event {
    const random = this.#random
    const watch = { watch_time_sec: random.pick([0, 29.9, 30, 119.9, 120, random.below(3_000) / 10, random.next() * 200]) }
    return random.pick([
      () => watch,
      () => ({ ...watch, percent_watched: random.pick([0, 39.99, 40, 79.99, 80, 100, random.next() * 100]) }),
      () => ({ ...watch, event_type: 'watch', percent_watched: random.below(101), ended: random.chance(0.5), playback_speed: 1.25, rebuffer_count: random.below(4) }),
      () => ({ ...watch, event_type: null, percent_watched: null, ended: null, playback_speed: null, rebuffer_count: null })
    ])()
  }

  /** Still valid, but only just. */
  #moveToEdge (event: Event, topic: Topic): Event {
    const timeField = timeFieldOf(topic)
    const edges: Event[] = [
      { [timeField]: this.#time + this.#settings.maxFutureMs },
      { [timeField]: this.#time - this.#settings.maxAgeMs },
      { server_received_ts_ms: Number.MAX_SAFE_INTEGER },
      { event_id: `${event.event_id}`.padEnd(64, '-') }
    ]
    if (topic !== 'event') edges.push({ request_id: '🎬'.repeat(128) }, { session_id: 's' }, { context: {} })
    if (topic === 'watch') edges.push({ item_id: '🎬'.repeat(128) }, { playback_speed: 0.25 }, { playback_speed: 4 }, { rebuffer_count: 2 ** 40 }, { watch_time_sec: 1e9 })
    if (topic === 'impression') edges.push({ items: manyItems(500) }, { items: [{ item_id: 'far-down', position: 2 ** 31 - 1 }] })
    return { ...event, ...this.#random.pick(edges) }
  }
}

function timeFieldOf (topic: Topic): string {
  return topic === 'event' ? 'ts' : 'ts_ms'
}

function toBytes (event: Event): Buffer {
  return Buffer.from(JSON.stringify(event))
}

function manyItems (count: number): Event[] {
  return Array.from({ length: count }, (_, position) => ({ item_id: `shown-${position}`, position }))
}

interface User {
  readonly id: string
  readonly partition: number
  /** From 0 up to 1, evenly over the ranks: chooses the user's topic once and for all where users are not mixed. */
  readonly dice: number
}

function createUser (rank: number, partitions: number): User {
  const id = userName(rank)
  return { id, partition: partitionOf(id, partitions), dice: (0.5 + rank * GOLDEN_RATIO) % 1 }
}

// --- Names: some are hard to quote, and sort differently by UTF-16 than by UTF-8 ---

function userName (rank: number): string {
  if (rank % 23 === 11) return `jürgen 🦆 ${rank}`
  if (rank % 23 === 12) return `o'hara "${rank}", {\\N}\t`
  return `user-${rank}`
}

function itemName (rank: number): string {
  switch (rank % 19) {
    case 6: return `🎬-${rank}`
    case 7: return `\uff5e-${rank}`
    case 8: return `a "quoted", {braced} \\N\n\tname ${rank}`
    case 9: return rank === 9 ? 'NULL' : `null-${rank}`
    case 10: return rank === 10 ? '__proto__' : `constructor-${rank}`
    default: return `item-${rank}`
  }
}

const optionalFields: readonly Event[] = [
  {}, {}, {},
  { server_received_ts_ms: 1_750_000_000_123 },
  { server_received_ts_ms: null, context: null },
  { context: { device: 'tv', platform: 'app', app_version: '1.2.3', locale: 'de-DE' } },
  { context: { country: 'DE', timezone: 'Europe/Berlin', referrer: 'https://example.org/?q="ä"', user_agent: 'Some/1.0 (\\n)', device: null } }
]

const optionalItemFields: readonly Event[] = [{}, {}, { feed_id: 'home', slot: 'top' }, { feed_id: null, slot: '' }]

// --- Broken records ---

interface Place {
  readonly timeField: string
  /** The record's timestamp. */
  readonly now: number
  readonly settings: ModelSettings
}

export interface BrokenKind {
  readonly errorType: ErrorType
  /** The one topic where this is a mistake; left out: any. */
  readonly topic?: Topic
  readonly make: (event: Event, place: Place) => Buffer | null
}

/** Every way to be wrong, with the class that the contract gives it. */
export const brokenKinds: Readonly<Record<string, BrokenKind>> = {
  'null value': { errorType: 'decode', make: () => null },
  'a byte that is never UTF-8': decode(0xff),
  'an overlong encoding': decode(0xc0, 0x80),
  'an encoded surrogate': decode(0xed, 0xa0, 0x80),
  'a character cut off at the end': { errorType: 'decode', make: event => Buffer.concat([toBytes(event), Buffer.from([0xe2, 0x82])]) },

  'empty value': json(() => ''),
  'blanks only': json(() => ' \n'),
  'JSON cut off': json(text => text.slice(0, -1)),
  'text after the JSON': json(text => text + '}'),
  'NaN as a number': json(text => text.replace('{', '{"nan":NaN,')),
  'single quotes': json(text => text.replaceAll('"', "'")),
  'a byte order mark': json(text => '\ufeff' + text),

  'JSON null': raw(() => 'null'),
  'JSON array': raw(text => `[${text}]`),
  'JSON string': raw(text => JSON.stringify(text)),
  'JSON number': raw(() => '17'),
  'unknown field': schema(() => ({ surprise: 1 })),
  'unknown field in context': schema(() => ({ context: { device: 'tv', os: 'x' } }), 'watch'),
  'unknown field in an item': schema(() => ({ items: [{ item_id: 'a', position: 0, rank: 1 }] }), 'impression'),
  '__proto__ as a field': raw(text => text.replace('{', '{"__proto__":{"admin":true},')),
  '__proto__ in context': raw(text => text.slice(0, -1) + ',"context":{"__proto__":{"device":"tv"}}}', 'watch'),
  'constructor as a field': raw(text => text.replace('{', '{"constructor":{"prototype":{}},')),
  'deep nesting': raw(text => text.slice(0, -1) + `,"context":${'['.repeat(2_000)}${']'.repeat(2_000)}}`, 'watch'),
  'deep nesting in an unknown field': raw(text => text.replace('{', `{"deep":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)},`)),
  'missing event id': schema(() => ({ event_id: undefined })),
  'missing user': schema(() => ({ user_id: undefined })),
  'missing time': schema((_, { timeField }) => ({ [timeField]: undefined })),
  'missing item': schema(() => ({ item_id: undefined }), 'watch'),
  'missing watch time': schema(() => ({ watch_time_sec: undefined }), 'watch'),
  'missing type': schema(() => ({ event_type: undefined }), 'event'),
  'null where it is required': schema(() => ({ user_id: null })),
  'a number for a name': schema(() => ({ user_id: 42 })),
  'a text for a time': schema((event, { timeField }) => ({ [timeField]: String(event[timeField]) })),
  'a text for a flag': schema(() => ({ ended: 'true' }), 'watch'),
  'a list for the context': schema(() => ({ context: [] }), 'watch'),
  'an object for the items': schema(() => ({ items: {} }), 'impression'),
  'another topic\'s type': schema(() => ({ event_type: 'impression' }), 'watch'),
  'event id too short': schema(() => ({ event_id: 'seven77' })),
  'event id too long': schema(() => ({ event_id: 'x'.repeat(65) })),
  'user too long': schema(() => ({ user_id: 'ü'.repeat(129) })),
  'empty user': schema(() => ({ user_id: '' })),
  'NUL in a name': schema(() => ({ user_id: 'nul\u0000nul' })),
  'NUL in the context': schema(() => ({ context: { device: '\u0000' } }), 'watch'),
  'a lone surrogate, escaped': schema(() => ({ user_id: 'lone \ud800' })),
  'a lone low surrogate in the context': schema(() => ({ context: { referrer: '\udc00' } }), 'watch'),
  'number beyond 2^53': schema((_, { timeField }) => ({ [timeField]: 2 ** 53 })),
  'receipt beyond 2^53': schema(() => ({ server_received_ts_ms: 2 ** 53 })),
  'time zero': schema((_, { timeField }) => ({ [timeField]: 0 })),
  'negative time': schema((event, { timeField }) => ({ [timeField]: -Number(event[timeField]) })),
  'fraction of a millisecond': schema((event, { timeField }) => ({ [timeField]: Number(event[timeField]) + 0.5 })),
  'infinite watch time': raw(text => text.replace(/"watch_time_sec":[^,}]+/, '"watch_time_sec":1e999'), 'watch'),
  'negative watch time': schema(() => ({ watch_time_sec: -0.1 }), 'watch'),
  'more than watched': schema(() => ({ percent_watched: 100.1 }), 'watch'),
  'too fast': schema(() => ({ playback_speed: 4.01 }), 'watch'),
  'too slow': schema(() => ({ playback_speed: 0.24 }), 'watch'),
  'half a rebuffer': schema(() => ({ rebuffer_count: 0.5 }), 'watch'),
  'no items': schema(() => ({ items: [] }), 'impression'),
  '501 items': schema(() => ({ items: manyItems(501) }), 'impression'),
  'duplicate positions': schema(() => ({ items: [{ item_id: 'a', position: 0 }, { item_id: 'b', position: 0 }] }), 'impression'),
  'duplicate items': schema(() => ({ items: [{ item_id: 'a', position: 0 }, { item_id: 'a', position: 1 }] }), 'impression'),
  'position too large': schema(() => ({ items: [{ item_id: 'a', position: 2 ** 31 }] }), 'impression'),
  'negative position': schema(() => ({ items: [{ item_id: 'a', position: -1 }] }), 'impression'),
  'a session where there is none': schema(() => ({ session_id: 'session' }), 'event'),
  'an unknown type': schema(() => ({ event_type: 'like' }), 'event'),
  'wrong shape and too old': schema((_, { timeField }) => ({ [timeField]: 1, surprise: 1 })),

  'too old': window(({ now, settings }) => now - settings.maxAgeMs - 1),
  'in the future': window(({ now, settings }) => now + settings.maxFutureMs + 1),
  'too old, in seconds': window(({ now, settings }) => Math.floor((now - settings.maxAgeMs) / 1000) - 1),
  'the largest time': window(() => Number.MAX_SAFE_INTEGER)
}

function decode (...bytes: readonly number[]): BrokenKind {
  return {
    errorType: 'decode',
    make: event => Buffer.concat([Buffer.from('{"user_id":"'), Buffer.from(bytes), Buffer.from('",'), toBytes(event).subarray(1)])
  }
}

function json (change: (text: string) => string): BrokenKind {
  return { errorType: 'json', make: event => Buffer.from(change(JSON.stringify(event))) }
}

/** JSON that `JSON.stringify` would not write. */
function raw (change: (text: string) => string, topic?: Topic): BrokenKind {
  return { errorType: 'schema', ...(topic === undefined ? {} : { topic }), make: event => Buffer.from(change(JSON.stringify(event))) }
}

function schema (change: (event: Event, place: Place) => Event, topic?: Topic): BrokenKind {
  return { errorType: 'schema', ...(topic === undefined ? {} : { topic }), make: (event, place) => toBytes({ ...event, ...change(event, place) }) }
}

function window (time: (place: Place) => number): BrokenKind {
  return { errorType: 'window', make: (event, place) => toBytes({ ...event, [place.timeField]: time(place) }) }
}

// --- Which partition a key belongs to ---

/** The partition where Java producers put a key. */
export function partitionOf (key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

/** Murmur2 as Kafka has it, a signed 32-bit number; written here a second time, apart from the log's own. */
export function murmur2 (bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995
  const byteAt = (index: number): number => bytes[index] ?? 0
  const tail = bytes.length - bytes.length % 4
  let hash = 0x9747b28c ^ bytes.length

  for (let index = 0; index < tail; index += 4) {
    const word = byteAt(index) | byteAt(index + 1) << 8 | byteAt(index + 2) << 16 | byteAt(index + 3) << 24
    const mixed = Math.imul(word, multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> 24), multiplier)
  }
  if (tail < bytes.length) hash = Math.imul(hash ^ (byteAt(tail) | byteAt(tail + 1) << 8 | byteAt(tail + 2) << 16), multiplier)

  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
