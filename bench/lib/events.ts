import { createRandom, createSkewed, type Random } from '../../bin/sample-events.ts'
import type { ModelRecord, ModelSettings } from '../../test/helpers/model.ts'
import { brokenKinds, partitionOf } from '../../test/helpers/random-log.ts'

export interface EventOptions {
  readonly seed: number
  readonly settings: ModelSettings
  readonly now: () => number
  readonly partitions?: number
  readonly users?: number
  readonly items?: number
  /** How uneven users and items are; by Zipf, 0 is even. */
  readonly userSkew?: number
  readonly itemSkew?: number
}

const IMPRESSIONS = 0.15
const ITEMS_SHOWN = 10
const BROKEN = 0.01
const DUPLICATES = 0.005
/** A duplicate repeats one of so many valid records before it. */
const REMEMBERED = 1_000

/**
 * The benchmark's events, without end: 85 % watches, 15 % impressions of ten items, with every optional field filled and
 * event ids like UUIDs, so that no index is filled in its order. Of all records 1 % is broken and 0.5 % repeats an earlier one.
 */
export function * mixedEvents ({
  seed, settings, now, partitions = 6, users = 20_000, items = 10_000, userSkew = 0.9, itemSkew = 1
}: EventOptions): Generator<ModelRecord, never, void> {
  const random = createRandom(seed)
  const drawUser = createSkewed(userNames(users), userSkew, random)
  const drawItem = createSkewed(Array.from({ length: items }, (_, rank) => itemName(rank)), itemSkew, random)
  const offsets = new Map<string, number>()
  const remembered: ModelRecord[] = []
  // Reading them all from the start keeps the kinds apart from the shares.
  const broken = Object.values(brokenKinds).filter(({ topic }) => topic !== 'event')

  for (let count = 0, wrong = 0; ; count++) {
    const timestamp = now()
    const place = (topic: string, partition: number) => {
      const offset = offsets.get(`${topic}/${partition}`) ?? 0
      offsets.set(`${topic}/${partition}`, offset + 1)
      return { topic, partition, offset, timestamp }
    }
    const dice = random.next()
    const repeated = dice >= BROKEN && dice < BROKEN + DUPLICATES && count > 0 ? remembered[random.below(remembered.length)] : undefined
    if (repeated !== undefined) {
      yield { ...repeated, ...place(repeated.topic, repeated.partition) }
      continue
    }
    const breaker = dice < BROKEN ? broken[wrong++ % broken.length] : undefined
    const kind = breaker?.topic === 'impression' || (breaker?.topic === undefined && random.chance(IMPRESSIONS)) ? 'impression' : 'watch'
    const user = drawUser()
    const event = { ...sharedFields(user, timestamp, random), ...(kind === 'watch' ? watchFields(drawItem, random) : impressionFields(drawItem)) }
    const value = breaker === undefined ? Buffer.from(JSON.stringify(event)) : breaker.make(event, { timeField: 'ts_ms', now: timestamp, settings })
    const record = { ...place(settings.topics[kind], partitionOf(user, partitions)), key: user, value }
    if (breaker === undefined) remembered[count % REMEMBERED] = record
    yield record
  }
}

/** A whole log, with timestamps of its own; the same seed gives the same log. */
export function createLog (count: number, options: Omit<EventOptions, 'now'>): ModelRecord[] {
  let time = 1_750_000_000_000
  return mixedEvents({ ...options, now: () => time++ }).take(count).toArray()
}

export function userNames (users: number): string[] {
  return Array.from({ length: users }, (_, rank) => `user-${rank}`)
}

/** The most drawn item is rank 0. */
export function itemName (rank: number): string {
  return `item-${rank}`
}

function sharedFields (user: string, timestamp: number, random: Random) {
  return {
    event_id: randomId(random),
    user_id: user,
    session_id: `session-${user}`,
    request_id: randomId(random),
    ts_ms: timestamp - random.below(5_000),
    server_received_ts_ms: timestamp,
    context: { device: 'tv', platform: 'app', app_version: '4.12.0', locale: 'en-GB', country: 'GB' }
  }
}

function watchFields (drawItem: () => string, random: Random) {
  const seconds = random.below(200)
  return { event_type: 'watch', item_id: drawItem(), watch_time_sec: seconds, percent_watched: seconds / 2, ended: seconds > 180, playback_speed: 1, rebuffer_count: 0 }
}

function impressionFields (drawItem: () => string) {
  const ids = new Set<string>()
  while (ids.size < ITEMS_SHOWN) ids.add(drawItem())
  return { event_type: 'impression', items: [...ids].map((id, position) => ({ item_id: id, position, feed_id: 'home', slot: 'main' })) }
}

function randomId (random: Random): string {
  const hex = (): string => random.below(2 ** 32).toString(16).padStart(8, '0')
  return `${hex()}-${hex()}-${hex()}-${hex()}`
}
