import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDriver } from '../../../streams/testing.ts'
import { eventLog } from '../../../stores/event-log.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { userHistory } from '../../../stores/user-history.ts'
import { coVisitation } from '../../../stores/co-visitation.ts'
import { prices, queriedTopology, words } from '../../helpers/queried.ts'
import { profiles } from '../../helpers/stores.ts'
import { moves, moving, seen } from '../../helpers/tasks.ts'

async function afterThreeMoves () {
  const driver = createTestDriver(moving)
  for (const [id, user, item] of [['e1', 'u1', 'a'], ['e2', 'u1', 'b'], ['e3', 'u2', 'a']] as const) {
    await driver.topic(moves).pipe(user, { id, user, item }, { timestamp: 7 })
  }
  return driver
}

test('stores of every shape are read by key, typed by their declaration', async () => {
  const driver = await afterThreeMoves()

  const count: number | undefined = await driver.store(itemPopularity).get({ item_id: 'a' })
  const history = await driver.store(userHistory).get({ user_id: 'u1' })
  const row = await driver.store(eventLog).get({ event_id: 'e3' })

  assert.equal(count, 2)
  assert.deepEqual(history?.map(({ item_id: item, ts }) => [item, ts]), [['b', 7], ['a', 7]])
  assert.equal(row?.user_id, 'u2')
  assert.equal(await driver.store(profiles).get({ key: 'u1' }), 2)
  assert.equal(await driver.store(profiles).get({ key: 'nobody' }), undefined)
})

test('all entries and a range of them come in the order of the keys', async () => {
  const driver = await afterThreeMoves()

  assert.deepEqual(await driver.store(itemPopularity).all(), [{ key: { item_id: 'a' }, value: 2 }, { key: { item_id: 'b' }, value: 1 }])
  assert.deepEqual((await driver.store(eventLog).range({ event_id: 'e1' }, { event_id: 'e2' })).map(({ key }) => key), [{ event_id: 'e1' }, { event_id: 'e2' }])
})

test('a store shows what is committed: a record that dies before is not in it, and is when it has run again', async () => {
  const driver = await afterThreeMoves()
  driver.crashAt('claimed')
  const piped = driver.topic(moves).pipe('u9', { id: 'e9', user: 'u9', item: 'a' })

  await piped

  assert.equal(await driver.store(itemPopularity).get({ item_id: 'a' }), 3)
  assert.equal((await driver.output(seen).readAll()).length, 4)
})

test("a table's store is read by its handle, typed, and by its name", async () => {
  const { topology, counts, minutes, history, unnamed } = queriedTopology()
  const driver = createTestDriver(topology)
  await driver.topic(words).pipe('u1', 'hello', { timestamp: 1_000 })
  await driver.topic(words).pipe('u2', 'hello', { timestamp: 2_000 })
  await driver.topic(prices).pipe('a', 1, { timestamp: 1_000 })
  await driver.topic(prices).pipe('a', 2, { timestamp: 2_000 })

  const count: number | undefined = await driver.store(counts).get('hello')
  assert.equal(count, 2)
  assert.equal(await driver.store('counts').get('hello'), 2)
  assert.equal(await driver.store('counts').get('nothing'), undefined)
  assert.deepEqual(await driver.store(counts).all(), [{ key: 'hello', value: 2, timestamp: 2_000 }])
  const window = { start: 0, end: 60_000 }
  assert.equal(await driver.store(minutes).get({ key: 'hello', window }), 2)
  assert.deepEqual(await driver.store(minutes).windows('hello'), [{ key: 'hello', value: 2, timestamp: 2_000, window }])
  assert.equal(await driver.store(history).asOf('a', 1_500), 1)
  assert.throws(() => driver.store(unnamed), /has no store with a name/)
})

test('a store that the topology does not have is refused by name', () => {
  const driver = createTestDriver(moving)

  assert.throws(() => driver.store(coVisitation), /Topology 'moving' has no store 'co_visitation'; it has [a-z_, ]*profiles/)
})
