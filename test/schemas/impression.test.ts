import assert from 'node:assert/strict'
import test from 'node:test'
import { impressionContract } from '../../schemas/impression.ts'
import { EVENT_TIME, impression } from '../helpers/events.ts'
import { testSettings } from '../helpers/api.ts'

const contract = impressionContract(testSettings)
const record = { timestamp: EVENT_TIME }

function items (count: number) {
  return Array.from({ length: count }, (_, position) => ({ item_id: `i${position}`, position }))
}

function pathsOf (value: unknown): readonly string[] {
  return contract.problems(value, record).map(problem => problem.path)
}

test('an impression holds 1 to 500 items', () => {
  assert.equal(contract.accepts(impression({ items: items(1) }), record), true)
  assert.equal(contract.accepts(impression({ items: items(500) }), record), true)
  assert.equal(contract.accepts(impression({ items: [] }), record), false)
  assert.equal(contract.accepts(impression({ items: items(501) }), record), false)
  assert.deepEqual(pathsOf(impression({ items: [] })), ['items'])
})

for (const count of [2, 16, 17, 500]) {
  test(`positions and items are unique among ${count}`, () => {
    const last = count - 1
    const samePosition = items(count).with(last, { item_id: 'other', position: 0 })
    const sameItem = items(count).with(last, { item_id: 'i0', position: 1000 })

    assert.equal(contract.accepts(impression({ items: samePosition }), record), false)
    assert.equal(contract.accepts(impression({ items: sameItem }), record), false)
    assert.deepEqual(pathsOf(impression({ items: samePosition })), [`items[${last}].position`])
    assert.deepEqual(pathsOf(impression({ items: sameItem })), [`items[${last}].item_id`])
  })
}

test('positions end at 2^31 − 1', () => {
  assert.equal(contract.accepts(impression({ items: [{ item_id: 'i', position: 2 ** 31 - 1 }] }), record), true)
  assert.deepEqual(pathsOf(impression({ items: [{ item_id: 'i', position: 2 ** 31 }] })), ['items[0].position'])
})

test('unknown fields and unstorable text of an item are refused', () => {
  assert.equal(contract.accepts({ ...impression(), items: [{ item_id: 'i', position: 0, rank: 1 }] }, record), false)
  assert.equal(contract.accepts(impression({ items: [{ item_id: 'i', position: 0, slot: '\u0000' }] }), record), false)
  assert.deepEqual(pathsOf({ ...impression(), items: [{ item_id: 'i', position: 0, rank: 1 }, { item_id: 'j', position: 1, slot: '\ud800' }] }), ['items[0].rank', 'items[1].slot'])
})

test('optional fields of an item may be null', () => {
  assert.equal(contract.accepts(impression({ items: [{ item_id: 'i', position: 0, feed_id: null, slot: null }] }), record), true)
})

test('what is no item is named by its place', () => {
  assert.deepEqual(pathsOf({ ...impression(), items: [null, 'i', { item_id: 'a', position: 0 }, { item_id: 'a', position: 0 }] }), ['items[0]', 'items[1]', 'items[3].position', 'items[3].item_id'])
})

test('the message of 500 broken items stays short', () => {
  const broken = impression({ items: items(500).map(item => ({ ...item, position: -1 })) })

  assert.match(contract.explain(broken, record).message, /; and 979 more$/)
})
