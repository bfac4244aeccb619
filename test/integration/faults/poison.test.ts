import { equal, ok } from 'node:assert/strict'
import type { Producer } from '@platformatic/kafka'
import { EVENT_TIME, impression, interactionEvent, watch } from '../../helpers/events.ts'
import { faultRounds } from '../../helpers/fault-rounds.ts'
import type { ModelRecord } from '../../helpers/model.ts'
import { openOwnKafka } from '../../helpers/own-kafka.ts'
import { messageOf, otherProducer, POISON_PARTITIONS, produceWithJava, recordsInBatchAt, withPoison, type PoisonWorld } from '../../helpers/poison.ts'
import { partitionOf } from '../../helpers/random-log.ts'
import { produceOnce, readTopic } from '../../helpers/recommender.ts'
import { configureTopics, uniqueName } from '../../helpers/services.ts'
import { THROWING_ITEM } from '../../helpers/throwing/count-popularity.ts'

/** A record without its place: an event's fields, or the text or bytes that stand for one. */
interface Draft {
  readonly topic: 'watch' | 'event' | 'impression'
  readonly value: object | string | Buffer | null
  readonly key?: string | Buffer | null
  readonly user?: string
}

faultRounds('poison', {
  async 'a record that makes a processor throw is a dead letter, and leaves nothing behind' (round) {
    const preload = new URL('../../helpers/throwing/preload.ts', import.meta.url).href
    await withPoison(round, { environment: { NODE_OPTIONS: `--import=${preload}` }, settings: { throwingItem: THROWING_ITEM } }, drafts(user => [
      { topic: 'watch', value: watch({ event_id: 'throws-001', user_id: user, item_id: THROWING_ITEM }) },
      { topic: 'watch', value: watch({ event_id: 'between-001', user_id: user, item_id: 'kept' }) },
      { topic: 'watch', value: watch({ event_id: 'throws-001', user_id: user, item_id: THROWING_ITEM }) },
      { topic: 'event', user: `${user}-e`, value: interactionEvent({ event_id: 'throws-002', user_id: `${user}-e`, item_id: THROWING_ITEM }) },
      { topic: 'event', user: `${user}-e`, value: interactionEvent({ event_id: 'throws-002', user_id: `${user}-e`, item_id: 'kept, since the first try left nothing' }) }
    ]))
  },

  async 'a record of a megabyte is stored where it is valid, and cut in its dead letter where it is not' (round) {
    const large = 'x'.repeat(1_000_000)
    await withPoison(round, {}, drafts(user => [
      { topic: 'watch', value: watch({ event_id: 'large-001', user_id: user, context: { user_agent: large } }) },
      { topic: 'watch', value: JSON.stringify({ ...watch({ event_id: 'large-002', user_id: user }), surprise: large }) },
      { topic: 'watch', value: `{"cut": "${large}` },
      { topic: 'watch', value: Buffer.alloc(1_000_000, 0xff) },
      { topic: 'impression', value: impression({ event_id: 'large-003', user_id: user, context: { referrer: '\u0001'.repeat(160_000) } }) },
      { topic: 'event', user: `${user}-e`, value: JSON.stringify(interactionEvent({ event_id: 'large-004', user_id: `${user}-e` })) + ' '.repeat(1_000_000) },
      { topic: 'watch', value: watch({ event_id: 'behind-001', user_id: user, item_id: 'i2' }) }
    ], async ({ topics, services }, records) => {
      const letters = (await readTopic(services, topics.dlq)).map(({ value }) => JSON.parse(String(value)))
      for (const { topic, partition, offset } of [records[1], records[2], records[3]].filter(record => record !== undefined)) {
        const letter = letters.find(each => each.source_topic === topic && each.source_partition === partition && each.source_offset === offset)
        equal(letter.payload_truncated, true)
        ok(letter.payload.length > 10_000, 'a good part of it is kept')
      }
    }))
  },

  async 'null values are dead letters, null keys are not; broken UTF-8 is a dead letter in either' (round) {
    const broken = Buffer.from([0x66, 0xff, 0xfe, 0xc0, 0x80])
    await withPoison(round, {}, drafts(user => (['watch', 'impression', 'event'] as const).flatMap(topic => {
      const name = `${user}-${topic}`
      const event = (id: string): object => eventFor(topic, `${topic}-${id}`, name)
      return [
        { topic, user: name, value: null },
        { topic, user: name, value: null, key: null },
        { topic, user: name, value: event('null-key'), key: null },
        { topic, user: name, value: event('empty-key'), key: '' },
        { topic, user: name, value: broken },
        { topic, user: name, value: Buffer.concat([Buffer.from('{"user_id":"'), broken, Buffer.from('"}')]), key: null },
        { topic, user: name, value: event('broken-key'), key: broken },
        { topic, user: name, value: null, key: broken },
        { topic, user: name, value: event('behind-01') }
      ]
    })))
  },

  async 'JSON that is nested ten thousand levels deep, and more, is a dead letter and breaks nothing' (round) {
    const nested = (levels: number, open: string, close: string): string => open.repeat(levels) + '1' + close.repeat(levels)
    await withPoison(round, {}, drafts(user => (['watch', 'impression', 'event'] as const).flatMap(topic => {
      const name = `${user}-${topic}`
      const text = JSON.stringify(eventFor(topic, `${topic}-deep-01`, name))
      const withField = (field: string, value: string): string => text.replace('{', `{${JSON.stringify(field)}:${value},`)
      return [
        nested(10_000, '[', ']'), nested(10_000, '{"a":', '}'), nested(100_000, '[', ']'), '['.repeat(100_000), nested(10_000, '{"a":[', ']}'),
        withField('surprise', nested(10_000, '[', ']')), withField('context', nested(10_000, '{"device":', '}')), withField('items', nested(10_000, '[', ']')),
        text
      ].map(value => ({ topic, user: name, value }))
    })))
  },

  async 'names such as __proto__ and constructor are names like others where they are values, and unknown fields where they are keys' (round) {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf']
    await withPoison(round, {}, drafts(user => [
      ...names.flatMap((name): Draft[] => [
        { topic: 'watch', user: name, value: watch({ event_id: `${name}-watch`, user_id: name, item_id: 'plain' }) },
        { topic: 'watch', user: name, value: watch({ event_id: `${name}-again`, user_id: name, item_id: name, session_id: name, request_id: name, context: { device: name } }) },
        { topic: 'watch', value: JSON.stringify(watch({ event_id: `${name}-key-1`, user_id: user })).replace('{', `{"${name}":{"polluted":true},`) },
        { topic: 'watch', value: JSON.stringify(watch({ event_id: `${name}-key-2`, user_id: user, context: {} })).replace('"context":{}', `"context":{"${name}":{"polluted":"yes"}}`) },
        { topic: 'impression', value: JSON.stringify(impression({ event_id: `${name}-key-3`, user_id: user })).replace('{"item_id"', `{"${name}":null,"item_id"`) },
        { topic: 'impression', value: impression({ event_id: `${name}-items`, user_id: user, items: [{ item_id: name, position: 0, slot: name }] }) }
      ]),
      // An event id has eight characters at least, and these have.
      ...['__proto__', 'constructor', 'hasOwnProperty'].map((name): Draft => ({ topic: 'event', user: `${user}-e`, value: interactionEvent({ event_id: name, user_id: `${user}-e`, item_id: name }) })),
      { topic: 'watch', value: '{"__proto__":{"event_id":"inherited-1","user_id":"u","session_id":"s","request_id":"r","ts_ms":1760000000000,"item_id":"i","watch_time_sec":1}}' }
    ]))
  },

  async 'numbers beyond 2^53, and beyond all numbers, are refused where a whole number is wanted, and kept where any number is' (round) {
    const replaced = (field: string, number: string, id: string, user: string): string => JSON.stringify({ ...watch({ event_id: id, user_id: user }), [field]: '@' }).replace('"@"', number)
    const numbers = ['9007199254740992', '9007199254740993', '123456789012345678901234567890', '1e400', '-1e400', '1e-400', '-0', '-0.0', '5e-324', '1.7976931348623157e308', '9007199254740991', '1760000000000.00000001', '176e10']
    const fields = ['watch_time_sec', 'percent_watched', 'rebuffer_count', 'server_received_ts_ms', 'ts_ms', 'playback_speed']
    await withPoison(round, {}, drafts(user => [
      ...fields.flatMap((field, row) => numbers.map((number, column): Draft => ({ topic: 'watch', value: replaced(field, number, `number-${row}-${column}`, user) }))),
      ...numbers.map((number, index): Draft => ({ topic: 'impression', value: JSON.stringify(impression({ event_id: `position-${index}`, user_id: user })).replace('"position":1', `"position":${number}`) })),
      ...numbers.map((number, index): Draft => ({ topic: 'event', user: `${user}-e`, value: JSON.stringify(interactionEvent({ event_id: `event-number-${index}`, user_id: `${user}-e` })).replace(/"ts":\d+/, `"ts":${number}`) }))
    ]))
  },

  async 'of JSON keys that occur twice the last one counts, whatever the first was' (round) {
    const twice = (id: string, user: string, first: string): string => JSON.stringify(watch({ event_id: id, user_id: user })).replace('{', `{${first},`)
    await withPoison(round, {}, drafts(user => [
      { topic: 'watch', value: twice('twice-001', user, '"user_id":"somebody else"') },
      { topic: 'watch', value: twice('twice-002', user, '"event_id":"twice-001"') },
      { topic: 'watch', value: twice('twice-003', user, '"watch_time_sec":"no number"') },
      { topic: 'watch', value: twice('twice-004', user, '"item_id":null') },
      { topic: 'watch', value: JSON.stringify(watch({ event_id: 'twice-005', user_id: user })).replace(/}$/, ',"watch_time_sec":"no number"}') },
      { topic: 'watch', value: JSON.stringify(watch({ event_id: 'twice-006', user_id: user })).replace(/}$/, ',"event_id":"twice-001"}') },
      { topic: 'watch', value: twice('twice-007', user, '"__proto__":1,"__proto__":2') },
      { topic: 'impression', value: JSON.stringify(impression({ event_id: 'twice-008', user_id: user })).replace('"position":1', '"position":0,"position":1') },
      { topic: 'event', user: `${user}-e`, value: JSON.stringify(interactionEvent({ event_id: 'twice-009', user_id: `${user}-e` })).replace('{', '{"event_type":"like",') }
    ]))
  },

  async 'batches of every codec, as a JavaScript producer writes them, are read to the last record' (round) {
    await withPoison(round, {}, async world => {
      const written: ModelRecord[] = []
      for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
        const producer = otherProducer(world, { compression })
        const records = await placed(world, manyDrafts(compression, EVENT_TIME))
        await producer.send({ messages: records.map(messageOf) })
        written.push(...records)
      }
      return written
    })
  },

  async 'batches of every codec, as a Java producer writes them, are read to the last record' (round) {
    await withPoison(round, {}, async world => {
      const written: ModelRecord[] = []
      for (const compression of ['gzip', 'snappy', 'lz4', 'zstd']) {
        const records = (await placed(world, manyDrafts(`java-${compression}`, Date.now()))).map(record => ({ ...record, timestamp: Date.now() }))
        await produceWithJava(world, world.topics.watch, compression, records)
        written.push(...records)
      }
      return written
    })
  },

  async 'a batch that compaction has emptied is passed over' (round) {
    const own = await openOwnKafka(round.t, { settings: { 'log.cleaner.backoff.ms': 100, 'log.initial.task.delay.ms': 300 } })
    await withPoison(round, { services: { ...round.services, kafka: own.bootstrap }, ownKafka: true }, async world => {
      const { topics, services: { kafka } } = world
      await world.assertDone()
      // What it had at hand before compaction it would process.
      world.kill()
      await configureTopics({ kafka }, [topics.watch], { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001' })
      const records = (await placed(world, [1, 2, 3].map(index => ({ topic: 'watch', value: watch({ event_id: `compacted-${index}`, user_id: 'poison', item_id: `i${index}` }), key: index < 3 ? 'the same key' : 'another' }))))
        // Segments are rolled by the time of their records, and the last one is not compacted.
        .map((record, index) => ({ ...record, timestamp: EVENT_TIME + (index < 2 ? 0 : 60_000) }))
      // Of each producer the last batch stays, if need be without its records.
      for (const record of records) await otherProducer(world, { idempotent: true }).send({ messages: [messageOf(record)] })
      await emptied(kafka, records[0])
      await configureTopics({ kafka }, [topics.watch], { 'cleanup.policy': 'delete', 'segment.ms': '604800000' })
      return records.slice(1)
    })
  },

  async 'of transactions only those that were committed count, several aborted ones in one fetch and interleaved ones included' (round) {
    await withPoison(round, {}, async world => {
      const { random } = world
      const producers = [transactional(world), transactional(world), transactional(world)]
      const visible: ModelRecord[] = []
      const open = new Map<Producer, { readonly transaction: Transaction, readonly records: ModelRecord[] }>()
      const end = async (producer: Producer, outcome: 'commit' | 'abort'): Promise<void> => {
        const { transaction, records } = open.get(producer) ?? {}
        if (transaction === undefined || records === undefined) return
        open.delete(producer)
        await ending(world, records, async () => await transaction[outcome]())
        if (outcome === 'commit') visible.push(...records)
      }

      for (let step = 0; step < 40; step++) {
        const producer = random.pick(producers)
        const under = open.get(producer) ?? { transaction: await producer.beginTransaction(), records: [] }
        open.set(producer, under)
        const records = await placed(world, watchesOf(`transacted-${step}`, 1 + random.below(4)))
        for (const record of records) await under.transaction.send({ messages: [messageOf(record)] })
        under.records.push(...records)
        if (random.chance(0.5)) await end(producer, random.chance(0.6) ? 'abort' : 'commit')
      }
      for (const producer of producers) await end(producer, random.chance(0.5) ? 'abort' : 'commit')
      return visible.toSorted((a, b) => a.offset - b.offset)
    })
  },

  async 'a partition that ends in aborted records and markers is done: its position is behind them, and no lag is left' (round) {
    await withPoison(round, {}, async world => {
      // Else the last records of the load would be fetched together with what is behind them, and take the position along.
      await world.assertDone()
      const visible: ModelRecord[] = []
      for (const outcome of ['abort', 'commit', 'abort'] as const) {
        const transaction = await transactional(world).beginTransaction()
        // Two megabytes: the marker comes in another answer than the first of them.
        const records = await placed(world, outcome === 'commit' ? watchesOf('committed', 3) : Array.from({ length: 40 }, (_, index): Draft => ({ topic: 'watch', user: 'void', value: 'x'.repeat(50_000 + index) })))
        if (outcome === 'commit') visible.push(...records)
        for (const record of records) await transaction.send({ messages: [messageOf(record)] })
        await ending(world, records, async () => await transaction[outcome]())
      }
      // Before anything is written behind them: the positions must get there by themselves.
      await world.assertDone()
      return visible
    })
  }
})

type Transaction = Awaited<ReturnType<Producer['beginTransaction']>>

function eventFor (topic: Draft['topic'], id: string, user: string): object {
  switch (topic) {
    case 'watch': return watch({ event_id: id, user_id: user })
    case 'impression': return impression({ event_id: id, user_id: user })
    case 'event': return interactionEvent({ event_id: id, user_id: user })
  }
}

/** Poison that a plain producer can write; `check` looks at more than the comparison does, once all is processed. */
function drafts (
  make: (user: string) => readonly Draft[], check?: (world: PoisonWorld, records: readonly ModelRecord[]) => Promise<void>
): (world: PoisonWorld) => Promise<readonly ModelRecord[]> {
  return async world => {
    const records = await placed(world, make('poison'))
    await produceOnce(world.services, records)
    if (check !== undefined) {
      await world.assertDone()
      await check(world, records)
    }
    return records
  }
}

/** Gives drafts their places: the partition of their user, the offset that comes next there. */
async function placed ({ topics, next }: PoisonWorld, given: readonly Draft[]): Promise<ModelRecord[]> {
  const offsets = new Map<string, number>()
  const records: ModelRecord[] = []
  for (const { topic, value, user = 'poison', key = user } of given) {
    const partition = partitionOf(user, POISON_PARTITIONS)
    const place = `${topic}/${partition}`
    const offset = offsets.get(place) ?? await next(topics[topic], partition)
    offsets.set(place, offset + 1)
    records.push({ topic: topics[topic], partition, offset, timestamp: EVENT_TIME, key, value: bytesOf(value) })
  }
  return records
}

function bytesOf (value: Draft['value']): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Enough for batches of several blocks, of values that compress well and of some that do not. */
function manyDrafts (name: string, time: number): Draft[] {
  return Array.from({ length: 1_500 }, (_, index): Draft => {
    const user = `${name}-${index % 50}`
    const noise = index % 10 === 0 ? Buffer.from(String(Math.sin(index))).toString('base64').repeat(20) : 'the same again '.repeat(20)
    return { topic: 'watch', user, value: { ...watch({ event_id: `${name}-${String(index).padStart(6, '0')}`, user_id: user, item_id: `i${index % 7}`, context: { user_agent: noise } }), ts_ms: time } }
  })
}

function watchesOf (name: string, count: number): Draft[] {
  return Array.from({ length: count }, (_, index): Draft => {
    const user = `transacted-${index}`
    return { topic: 'watch', user, value: watch({ event_id: `${name}-${index}`, user_id: user, item_id: `i${index}` }) }
  })
}

/** Waits until compaction has taken the record, and left its batch. */
async function emptied (kafka: string, record: ModelRecord | undefined): Promise<void> {
  for (;;) {
    if (record === undefined || await recordsInBatchAt(kafka, record) === 0) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function transactional (world: PoisonWorld): Producer {
  return otherProducer(world, { idempotent: true, transactionalId: uniqueName(world.t), producerId: -1n, producerEpoch: -1 })
}

/** Ends a transaction, and waits for its markers: the broker writes them behind its answer. */
async function ending ({ next }: PoisonWorld, records: readonly ModelRecord[], end: () => Promise<void>): Promise<void> {
  const places = [...new Map(records.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }])).values()]
  const before = await Promise.all(places.map(async ({ topic, partition }) => await next(topic, partition)))
  await end()
  for (const [index, { topic, partition }] of places.entries()) {
    while (await next(topic, partition) === before[index]) await new Promise(resolve => setTimeout(resolve, 10))
  }
}
