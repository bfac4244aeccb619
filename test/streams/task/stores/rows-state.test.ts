import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreStates } from '../../../../streams/task/stores/store-states.ts'
import { Suspended } from '../../../../streams/task/stores/store-state.ts'
import { eventLog } from '../../../../stores/event-log.ts'

const open = () => {
  const stores = new StoreStates([eventLog])
  return { stores, log: stores.writer(eventLog) }
}

const row = (event_id: string, item_id = 'i') => ({ event_id, item_id, user_id: 'u', event_type: 'view', ts: 0 })

/** Answers what is asked for: these keys are there, the others not. */
function answer (stores: StoreStates, ...there: readonly string[]): unknown[] {
  const wanted = stores.takeMissing()
  stores.accept([{ store: eventLog, found: new Set(there) }], wanted)
  return wanted.flatMap(({ keys }): unknown[] => [...keys])
}

const written = (stores: StoreStates): unknown => stores.writes().map(write => write.kind === 'rows' ? { rows: [...write.rows.keys()], decided: [...new Set(write.decided)] } : write)

/** The insert of `key` has shown that somebody was first. */
function surprise (stores: StoreStates, key = 'there'): void {
  stores.evict([{ store: eventLog, keys: [key] }])
  stores.undo()
}

test('a key that nobody has asked for is taken to be new, and its insert decides; one inserted blindly does not', () => {
  const { stores, log } = open()
  stores.beginRecord(0)
  assert.deepEqual([log.has({ event_id: 'a' }), log.has({ event_id: 'a' })], [false, false])
  log.insert(row('a'))
  log.insert(row('b'))
  stores.endRecord()

  stores.seal()

  assert.equal(stores.mode.missed, false)
  assert.deepEqual(stores.takeMissing(), [])
  assert.deepEqual(written(stores), [{ rows: ['a', 'b'], decided: ['a'] }])
})

test('what a record was told is absent and did not insert is asked for, since nothing would prove it', () => {
  const { stores, log } = open()
  stores.beginRecord(0)
  assert.deepEqual([log.has({ event_id: 'a' }), log.has({ event_id: 'b' })], [false, false])
  log.insert(row('b'))
  stores.endRecord()

  assert.equal(stores.mode.missed, true)
  stores.undoRecord()
  assert.deepEqual(answer(stores, 'a'), ['a'])

  stores.beginRecord(0)
  assert.equal(log.has({ event_id: 'a' }), true)
  stores.endRecord()
  assert.equal(stores.mode.missed, false)
})

test('an absence of one record does not trouble the next', () => {
  const { stores, log } = open()
  stores.beginRecord(0)
  assert.equal(log.has({ event_id: 'a' }), false)
  stores.undoRecord()

  stores.beginRecord(0)
  assert.equal(log.has({ event_id: 'b' }), false)
  log.insert(row('b'))
  stores.endRecord()

  assert.equal(stores.mode.missed, false)
})

test('after a row was there that was taken to be new, keys suspend the record and are asked for once', () => {
  const { stores, log } = open()
  surprise(stores, 'a')
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  assert.throws(() => log.has({ event_id: 'b' }), Suspended)

  assert.deepEqual(answer(stores, 'a'), ['a', 'b'])

  assert.deepEqual([log.has({ event_id: 'a' }), log.has({ event_id: 'b' })], [true, false])
  assert.deepEqual(stores.takeMissing(), [])
})

test('keys are taken to be new again when ten thousand in a row were', () => {
  const { stores, log } = open()
  surprise(stores)
  stores.mode.speculating = true
  for (let nth = 0; nth < 9_999; nth++) log.has({ event_id: `new-${nth}` })
  answer(stores)
  assert.equal(log.has({ event_id: 'last' }), false)
  assert.deepEqual(answer(stores), ['last'])

  assert.equal(log.has({ event_id: 'behind' }), false)

  assert.deepEqual(answer(stores), [])
})

test('while speculating a key that is asked for is absent, and all are asked for together', () => {
  const { stores, log } = open()
  surprise(stores)
  stores.mode.speculating = true

  assert.deepEqual([log.has({ event_id: 'a' }), log.has({ event_id: 'b' })], [false, false])

  assert.equal(stores.mode.missed, true)
  assert.deepEqual(answer(stores), ['a', 'b'])
})

test('an inserted row is there for the records behind it, in its unit and in the next, committed or not', () => {
  const { stores, log } = open()
  log.insert(row('a', 'first'))
  assert.equal(log.has({ event_id: 'a' }), true)
  stores.seal()
  assert.equal(log.has({ event_id: 'a' }), true)
  log.insert(row('a', 'second'))
  stores.committed([])
  assert.equal(log.has({ event_id: 'a' }), true)

  stores.seal()

  assert.deepEqual(written(stores), [])
})

test('the row of an undone record is absent again', () => {
  const { stores, log } = open()
  stores.beginRecord(0)
  log.insert(row('a'))

  stores.undoRecord()

  assert.equal(log.has({ event_id: 'a' }), false)
})

test('a key in conflict is read again', () => {
  const { stores, log } = open()
  stores.beginRecord(0)
  assert.equal(log.has({ event_id: 'a' }), false)
  log.insert(row('a'))
  stores.endRecord()
  stores.seal()

  stores.evict([{ store: eventLog, keys: ['a'] }])
  stores.undo()

  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
})
