import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { coVisitation } from '../../stores/co-visitation.ts'
import { coVisitationIn } from '../../stores/co-visitation-in.ts'
import { coVisitationOut } from '../../stores/co-visitation-out.ts'
import { eventLog } from '../../stores/event-log.ts'
import { impressionLog } from '../../stores/impression-log.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'
import { watchLog } from '../../stores/watch-log.ts'
import { recommender } from '../../topology/recommender.ts'
import { openEmbedded, type Embedded } from '../helpers/embedded.ts'
import { contractSettings, runModel, type ModelRecord, type ModelResult } from '../helpers/model.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { assertSameRows, deadLettersOf } from '../helpers/recommender.ts'

const { topics: { impression, watch, event } } = contractSettings
const settings = { TOPIC_IMPRESSION: impression, TOPIC_WATCH: watch, TOPIC_EVENT: event, TOPIC_DLQ: 'dlq' }

for (const { seed, partitions, maxUnitRecords, steps } of [
  { seed: 11, partitions: 1, maxUnitRecords: 1, steps: 3 },
  { seed: 12, partitions: 3, maxUnitRecords: 7, steps: 10 },
  { seed: 13, partitions: 6, maxUnitRecords: 500, steps: 2 },
  { seed: 14, partitions: 2, maxUnitRecords: 2_000, steps: 1 }
]) {
  test(`a random log gives the tables of the contract, in units of ${maxUnitRecords} from ${partitions} partitions (seed ${seed})`, async t => {
    const records = createRandomLog({ seed, events: 3_000, partitions })
    const embedded = await openEmbedded(t, recommender.configure(settings), { partitions, maxUnitRecords })

    const size = Math.ceil(records.length / steps)
    for (let from = 0; from < records.length; from += size) await embedded.pipe(records.slice(from, from + size))

    assertContract(embedded, runModel(records))
    assertSameRows(deadLettersOf(deadLetters(embedded)), runModel(records).dead_letters, 'dead letters')
  })
}

test('a watch and an event of one user share a history, in order of their timestamps', async t => {
  const base = 1_750_000_000_000
  const record = (topic: string, offset: number, timestamp: number, value: object): ModelRecord => ({ topic, partition: 0, offset, timestamp, key: 'u1', value: Buffer.from(JSON.stringify(value)) })
  const common = { user_id: 'u1', session_id: 's', request_id: 'r' }
  const embedded = await openEmbedded(t, recommender.configure(settings))

  await embedded.pipe([record(watch, 0, base, { ...common, event_id: 'watch-01', ts_ms: base, item_id: 'i1', watch_time_sec: 200 })])
  await embedded.pipe([record(event, 0, base + 1, { user_id: 'u1', event_id: 'event-01', ts: base + 1, item_id: 'i2', event_type: 'click' })])
  await embedded.pipe([record(watch, 1, base + 2, { ...common, event_id: 'watch-01', ts_ms: base, item_id: 'i9', watch_time_sec: 1 })])

  assertSameRows(embedded.rows(coVisitation), [{ prev_item_id: 'i1', next_item_id: 'i2', cnt: 1 }], 'co_visitation')
  assertSameRows(embedded.rows(itemPopularity), [{ item_id: 'i1', score: 10 }, { item_id: 'i2', score: 3 }], 'item_popularity')
  assertSameRows(embedded.rows(userHistory), [{ user_id: 'u1', pos: 1, item_id: 'i1', ts: base }, { user_id: 'u1', pos: 2, item_id: 'i2', ts: base + 1 }], 'user_history')
})

test('a record that comes twice is dropped as a duplicate, and counted as that', async t => {
  const value = Buffer.from(JSON.stringify({ event_id: 'watch-01', user_id: 'u1', session_id: 's', request_id: 'r', ts_ms: 1_750_000_000_000, item_id: 'i1', watch_time_sec: 1 }))
  const records = [0, 1].map(offset => ({ topic: watch, partition: 0, offset, timestamp: 1_750_000_000_000, key: 'u1', value }))
  const embedded = await openEmbedded(t, recommender.configure(settings))

  await embedded.pipe(records)

  const drops = embedded.units.flatMap(unit => unit.drops)
  equal(drops.length, 1)
  equal(drops[0]?.node.name, 'keep-new-watches')
  equal(drops[0]?.reason, 'duplicate')
  equal(drops[0]?.record?.offset, 1)
})

test('impressions run apart from what counts; watches and events are one task, because they share their stores', () => {
  const parts = recommender.subTopologies.map(({ name, topics }) => [name, ...topics])

  deepEqual(parts, [['impressions', impression], ['watches', watch, event]])
})

function deadLetters ({ units }: Embedded) {
  return units.flatMap(unit => unit.emissions).filter(({ isDeadLetter }) => isDeadLetter).flatMap(({ record, item }) => item.record === undefined ? [] : [{ ...item.record, ...record, partition: item.record.partition }])
}

function assertContract ({ rows }: Embedded, expected: ModelResult): void {
  const parsed = (row: object): object => 'context' in row ? { ...row, context: row.context === null ? null : JSON.parse(String(row.context)) } : row
  assertSameRows(rows(impressionLog).map(parsed), expected.impressions, 'impressions')
  assertSameRows(rows(watchLog).map(parsed), expected.watches, 'watches')
  assertSameRows(rows(eventLog), expected.events, 'events')
  assertSameRows(rows(itemPopularity), expected.item_popularity, 'item_popularity')
  assertSameRows(rows(coVisitation), expected.co_visitation, 'co_visitation')
  assertSameRows(rows(coVisitationOut), expected.co_visitation_out, 'co_visitation_out')
  assertSameRows(rows(coVisitationIn), expected.co_visitation_in, 'co_visitation_in')
  assertSameRows(rows(userHistory), expected.user_history, 'user_history')
}
