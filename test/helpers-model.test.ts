import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { contractSettings, runModel, type ModelRecord, type ModelResult } from './helpers/model.ts'
import { brokenKinds, createRandomLog, murmur2, partitionOf, type RandomRecord } from './helpers/random-log.ts'

const NOW = 1_750_000_000_000

type Fields = Readonly<Record<string, unknown>>

const watch = (fields: Fields = {}): Fields => ({
  event_id: 'event-01', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: NOW, item_id: 'i1', watch_time_sec: 5, ...fields
})

const impression = (fields: Fields = {}): Fields => ({
  event_id: 'event-01', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: NOW, items: [{ item_id: 'i1', position: 0 }], ...fields
})

const event = (fields: Fields = {}): Fields => ({ event_id: 'event-01', user_id: 'u1', item_id: 'i1', event_type: 'view', ts: NOW, ...fields })

const watched = (value: unknown, record: Partial<ModelRecord> = {}) => recordOf('reco_watch', value, record)
const shown = (value: unknown, record: Partial<ModelRecord> = {}) => recordOf('reco_impression', value, record)
const happened = (value: unknown, record: Partial<ModelRecord> = {}) => recordOf('reco_event', value, record)

function recordOf (topic: string, value: unknown, record: Partial<ModelRecord>): ModelRecord {
  return { topic, partition: 0, offset: 0, timestamp: NOW, key: 'u1', value: Buffer.from(JSON.stringify(value)), ...record }
}

/** One watch per item, in this order, by one user. */
function watchesOf (...items: readonly string[]): ModelRecord[] {
  return items.map((item, index) => watched(watch({ event_id: `event-${index + 10}`, item_id: item, ts_ms: NOW + index })))
}

const errorsOf = (...records: readonly ModelRecord[]) => runModel(records).dead_letters.map(letter => letter.error_type)
const scoresOf = ({ item_popularity: rows }: ModelResult) => rows.map(row => row.score)

describe('the model: log tables', () => {
  it('a watch is one row, with null for what it leaves out', () => {
    const result = runModel([watched(watch({ percent_watched: 12.5, context: { device: 'tv', country: null } }))])

    assert.deepEqual(result.watches, [{
      event_id: 'event-01',
      user_id: 'u1',
      session_id: 's1',
      request_id: 'r1',
      ts_ms: NOW,
      server_received_ts_ms: null,
      context: { device: 'tv', country: null },
      item_id: 'i1',
      watch_time_sec: 5,
      percent_watched: 12.5,
      ended: null,
      playback_speed: null,
      rebuffer_count: null
    }])
    assert.deepEqual(result.dead_letters, [])
  })

  it('an impression is one row per shown item, and changes no feature', () => {
    const items = [{ item_id: 'i2', position: 1 }, { item_id: 'i1', position: 0, feed_id: 'home', slot: 'top' }]

    const result = runModel([shown(impression({ items, server_received_ts_ms: 7 }))])

    const common = { event_id: 'event-01', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: NOW, server_received_ts_ms: 7, context: null }
    assert.deepEqual(result.impressions, [
      { ...common, item_id: 'i1', position: 0, feed_id: 'home', slot: 'top' },
      { ...common, item_id: 'i2', position: 1, feed_id: null, slot: null }
    ])
    assert.deepEqual([result.item_popularity, result.user_history, result.co_visitation], [[], [], []])
  })

  it('an impression delivered again adds only positions that were not there', () => {
    const result = runModel([
      shown(impression({ items: [{ item_id: 'i1', position: 0 }] })),
      shown(impression({ items: [{ item_id: 'other', position: 0 }, { item_id: 'i2', position: 1 }] }))
    ])

    assert.deepEqual(result.impressions.map(row => [row.position, row.item_id]), [[0, 'i1'], [1, 'i2']])
  })

  it('an event is one row without what the table does not have', () => {
    const result = runModel([happened(event({ event_type: 'click', server_received_ts_ms: 9 }))])

    assert.deepEqual(result.events, [{ event_id: 'event-01', user_id: 'u1', item_id: 'i1', event_type: 'click', ts: NOW }])
  })

  it('a time below 10^12 is in seconds, wherever it is stored', () => {
    const seconds = 1_750_000_000

    const result = runModel([
      watched(watch({ ts_ms: seconds })), shown(impression({ ts_ms: seconds })), happened(event({ ts: seconds, user_id: 'u2' }))
    ])

    assert.deepEqual(
      [result.watches[0]?.ts_ms, result.impressions[0]?.ts_ms, result.events[0]?.ts, ...result.user_history.map(row => row.ts)],
      [NOW, NOW, NOW, NOW, NOW]
    )
  })

  it('10^12 itself is milliseconds, one less is seconds', () => {
    const old = { timestamp: -1 }

    const result = runModel([
      watched(watch({ event_id: 'event-01', ts_ms: 10 ** 12 }), old), watched(watch({ event_id: 'event-02', ts_ms: 10 ** 12 - 1 }), old)
    ])

    assert.deepEqual(result.watches.map(row => row.ts_ms), [10 ** 12, (10 ** 12 - 1) * 1000])
  })

  it('text sorts by its UTF-8 bytes', () => {
    const result = runModel(watchesOf('🎬', '\uff5e', 'a', 'B', 'ä'))

    assert.deepEqual(result.item_popularity.map(row => row.item_id), ['B', 'a', 'ä', '\uff5e', '🎬'])
  })
})

describe('the model: features', () => {
  const weigh = (fields: Fields) => scoresOf(runModel([watched(watch(fields))]))[0]

  it('a strong watch weighs 10, a medium one 3, any other 1, at the exact limits', () => {
    assert.equal(weigh({ watch_time_sec: 0, percent_watched: 80 }), 10)
    assert.equal(weigh({ watch_time_sec: 120 }), 10)
    assert.equal(weigh({ watch_time_sec: 119.99, percent_watched: 79.99 }), 3)
    assert.equal(weigh({ watch_time_sec: 0, percent_watched: 40 }), 3)
    assert.equal(weigh({ watch_time_sec: 30, percent_watched: 0 }), 3)
    assert.equal(weigh({ watch_time_sec: 29.99, percent_watched: 39.99 }), 1)
    assert.equal(weigh({ watch_time_sec: 29.99, percent_watched: null }), 1)
  })

  it('an event carries its own signal', () => {
    const records = ['view', 'click', 'purchase'].map((type, index) => happened(event({ event_id: `event-0${index}`, item_id: `i${index}`, event_type: type })))

    const result = runModel(records)

    assert.deepEqual(scoresOf(result), [1, 3, 10])
  })

  it('the weights of an item add up over users and topics', () => {
    const result = runModel([
      watched(watch({ watch_time_sec: 200 })), watched(watch({ event_id: 'event-02', user_id: 'u2' })), happened(event({ event_type: 'click', user_id: 'u3' }))
    ])

    assert.deepEqual(result.item_popularity, [{ item_id: 'i1', score: 14 }])
  })

  it('the item before and the item now are counted, out of one and into the other', () => {
    const result = runModel(watchesOf('a', 'b', 'a', 'b'))

    assert.deepEqual(result.co_visitation, [
      { prev_item_id: 'a', next_item_id: 'b', cnt: 2 }, { prev_item_id: 'b', next_item_id: 'a', cnt: 1 }
    ])
    assert.deepEqual(result.co_visitation_out, [{ item_id: 'a', cnt: 2 }, { item_id: 'b', cnt: 1 }])
    assert.deepEqual(result.co_visitation_in, [{ item_id: 'a', cnt: 1 }, { item_id: 'b', cnt: 2 }])
  })

  it('the same item again is no pair, but stands in the history and is popular', () => {
    const result = runModel(watchesOf('a', 'a', 'b'))

    assert.deepEqual(result.co_visitation, [{ prev_item_id: 'a', next_item_id: 'b', cnt: 1 }])
    assert.deepEqual(result.user_history.map(row => [row.pos, row.item_id]), [[1, 'a'], [2, 'a'], [3, 'b']])
    assert.deepEqual(scoresOf(result), [2, 1])
  })

  it('pairs do not cross users', () => {
    const result = runModel([watched(watch({ item_id: 'a' })), watched(watch({ event_id: 'event-02', user_id: 'u2', item_id: 'b' }))])

    assert.deepEqual(result.co_visitation, [])
  })

  it('watches and events of a user make one history', () => {
    const result = runModel([watched(watch({ item_id: 'a' })), happened(event({ item_id: 'b' })), watched(watch({ event_id: 'event-02', item_id: 'c' }))])

    assert.deepEqual(result.user_history.map(row => row.item_id), ['a', 'b', 'c'])
    assert.deepEqual(result.co_visitation.map(row => row.prev_item_id + row.next_item_id), ['ab', 'bc'])
  })

  it('the history keeps its newest entries, and positions go on counting', () => {
    const settings = { ...contractSettings, historySize: 2 }

    const result = runModel(watchesOf('a', 'b', 'c', 'd'), settings)

    assert.deepEqual(result.user_history, [
      { user_id: 'u1', pos: 3, item_id: 'c', ts: NOW + 2 }, { user_id: 'u1', pos: 4, item_id: 'd', ts: NOW + 3 }
    ])
  })

  it('with a history of one, the item before is still known', () => {
    const settings = { ...contractSettings, historySize: 1 }

    const result = runModel(watchesOf('a', 'b', 'c'), settings)

    assert.deepEqual(result.co_visitation.map(row => row.prev_item_id + row.next_item_id), ['ab', 'bc'])
    assert.deepEqual(result.user_history.map(row => row.pos), [3])
  })

  it('a history longer than nine is in the order of its positions', () => {
    const result = runModel(watchesOf(...'abcdefghijklmnopqrstuvwxyz'))

    assert.deepEqual(result.user_history.map(row => row.pos), Array.from({ length: 20 }, (_, index) => index + 7))
  })

  it('an event id that was there changes nothing, whatever else it says', () => {
    const result = runModel([watched(watch()), watched(watch({ item_id: 'i2', watch_time_sec: 500 }), { offset: 1 })])

    assert.deepEqual(result.watches.map(row => row.item_id), ['i1'])
    assert.deepEqual(result.item_popularity, [{ item_id: 'i1', score: 1 }])
    assert.equal(result.user_history.length, 1)
    assert.deepEqual(result.dead_letters, [])
  })

  it('a watch and an event may have the same id', () => {
    const result = runModel([watched(watch()), happened(event())])

    assert.deepEqual(scoresOf(result), [2])
  })

  it('the user is the one in the value, not the one in the key', () => {
    const result = runModel([watched(watch({ user_id: 'u7' }), { key: 'u1' }), watched(watch({ user_id: 'u7', event_id: 'event-02' }), { key: null })])

    assert.deepEqual(result.user_history.map(row => row.user_id), ['u7', 'u7'])
  })
})

describe('the model: dead letters', () => {
  it('a dead letter says where its record was, and changes nothing else', () => {
    const result = runModel([watched(17, { partition: 3, offset: 42 })])

    assert.deepEqual(result.dead_letters, [{ source_topic: 'reco_watch', source_partition: 3, source_offset: 42, error_type: 'schema' }])
    assert.deepEqual([result.watches, result.item_popularity], [[], []])
  })

  it('a record is judged by bytes first, then JSON, then shape, then time', () => {
    const broken = Buffer.from([0x7b, 0xff])

    assert.deepEqual(errorsOf(watched(0, { value: null })), ['decode'])
    assert.deepEqual(errorsOf(watched(0, { value: broken })), ['decode'])
    assert.deepEqual(errorsOf(watched(0, { value: Buffer.alloc(0) })), ['json'])
    assert.deepEqual(errorsOf(watched(watch({ ts_ms: 1, surprise: true }))), ['schema'])
    assert.deepEqual(errorsOf(watched(watch({ ts_ms: 1 }))), ['window'])
  })

  it('the window is measured from the record\'s timestamp, its limits included', () => {
    const { maxAgeMs, maxFutureMs } = contractSettings

    for (const [record, field, fields] of [[watched, 'ts_ms', watch], [shown, 'ts_ms', impression], [happened, 'ts', event]] as const) {
      const errorsAt = (ts: number) => errorsOf(record(fields({ [field]: ts })))
      assert.deepEqual(errorsAt(NOW + maxFutureMs), [])
      assert.deepEqual(errorsAt(NOW + maxFutureMs + 1), ['window'])
      assert.deepEqual(errorsAt(NOW - maxAgeMs), [])
      assert.deepEqual(errorsAt(NOW - maxAgeMs - 1), ['window'])
    }
  })

  it('a record without a timestamp has no window', () => {
    assert.deepEqual(errorsOf(watched(watch({ ts_ms: 1 }), { timestamp: -1 })), [])
  })

  it('lengths count characters, and their limits are allowed', () => {
    assert.deepEqual(errorsOf(watched(watch({ user_id: '🎬'.repeat(128) }))), [])
    assert.deepEqual(errorsOf(watched(watch({ user_id: '🎬'.repeat(129) }))), ['schema'])
    assert.deepEqual(errorsOf(watched(watch({ event_id: '12345678' }))), [])
    assert.deepEqual(errorsOf(watched(watch({ event_id: '1234567' }))), ['schema'])
    assert.deepEqual(errorsOf(watched(watch({ event_id: 'x'.repeat(64) }))), [])
  })

  it('every optional field may be null', () => {
    const none = { server_received_ts_ms: null, context: null, event_type: null }

    assert.deepEqual(errorsOf(
      watched(watch({ ...none, percent_watched: null, ended: null, playback_speed: null, rebuffer_count: null })),
      shown(impression({ ...none, items: [{ item_id: 'i1', position: 0, feed_id: null, slot: null }] })),
      happened(event({ server_received_ts_ms: null }))
    ), [])
  })

  it('a topic that the settings do not name is a mistake of the test', () => {
    assert.throws(() => runModel([recordOf('other', {}, {})]), /no topic 'other'/)
  })
})

describe('the random log', () => {
  const place = ({ topic, partition }: ModelRecord) => `${topic} ${partition}`

  it('the same seed gives the same log, another seed another', () => {
    const logOf = (seed: number) => createRandomLog({ seed, events: 500, partitions: 3 })

    assert.deepEqual(logOf(1), logOf(1))
    assert.notDeepEqual(logOf(1), logOf(2))
  })

  it('every broken record gets the class its kind names, and nothing else is dead-lettered', () => {
    const log = createRandomLog({ seed: 3, events: 3_000, partitions: 4, shares: { broken: 0.2 } })

    const expected = log.filter(record => record.kind in brokenKinds).map(record => `${place(record)} ${record.offset} ${brokenKinds[record.kind]?.errorType}`)
    const found = runModel(log).dead_letters.map(letter => `${letter.source_topic} ${letter.source_partition} ${letter.source_offset} ${letter.error_type}`)
    assert.deepEqual(found.sort(), expected.sort())
    assert.deepEqual(new Set(log.map(record => record.kind)), new Set(['valid', 'duplicate', ...Object.keys(brokenKinds)]))
  })

  it('a duplicate changes nothing', () => {
    const log = createRandomLog({ seed: 4, events: 5_000, partitions: 2, shares: { duplicate: 0.1, edge: 0 } })

    const all = runModel(log)
    const withoutDuplicates = runModel(log.filter(record => record.kind !== 'duplicate'))
    assert.deepEqual(all, withoutDuplicates)
  })

  it('timestamps grow over the whole log, offsets by one in each partition', () => {
    const log = createRandomLog({ seed: 5, events: 2_000, partitions: 4 })

    assert.ok(log.every((record, index) => index === 0 || record.timestamp > (log[index - 1]?.timestamp ?? 0)))
    for (const records of Object.values(Object.groupBy(log, place))) {
      assert.deepEqual(records?.map(record => record.offset), records?.map((_, index) => index))
    }
  })

  it('the tables do not depend on how partitions are interleaved', () => {
    const log = createRandomLog({ seed: 6, events: 5_000, partitions: 4, users: 100, items: 50 })
    const byTopicAndPartition = Object.values(Object.groupBy(log, place)).flatMap(records => records ?? [])

    assert.deepEqual(runModel(byTopicAndPartition), runModel(log))
  })

  it('mixed users are found in both topics, others in one', () => {
    const topicsPerUser = (mixedUsers: boolean) => {
      const log = createRandomLog({ seed: 7, events: 3_000, partitions: 2, users: 50, mixedUsers, shares: { event: 0.3 } })
      const { events, watches } = runModel(log)
      const watching = new Set(watches.map(row => row.user_id))
      return { events: events.length, both: events.filter(row => watching.has(row.user_id)).length }
    }

    assert.equal(topicsPerUser(false).both, 0)
    assert.ok(topicsPerUser(false).events > 100)
    assert.ok(topicsPerUser(true).both > 100)
  })

  it('a user\'s valid records are in the partition of the user\'s id, whatever the key', () => {
    const userOf = (record: RandomRecord): string => JSON.parse(String(record.value)).user_id

    const log = createRandomLog({ seed: 8, events: 1_000, partitions: 6, shares: { strayKey: 0.2 } }).filter(record => record.kind === 'valid')

    assert.ok(log.some(record => record.key === null))
    assert.ok(log.every(record => record.partition === partitionOf(userOf(record), 6)))
  })

  it('murmur2 is that of Java producers', () => {
    const hashes = ['21', 'foobar', 'a-little-bit-long-string'].map(key => murmur2(Buffer.from(key)))

    assert.deepEqual(hashes, [-973932308, -790332482, -985981536])
    assert.equal(partitionOf('foobar', 6), 0)
    assert.equal(partitionOf('foobar', 10), 6)
  })

  it('the model imports nothing of the implementation', async () => {
    const source = await readFile(new URL('helpers/model.ts', import.meta.url), 'utf8')

    assert.doesNotMatch(source, /^import /m)
  })
})
