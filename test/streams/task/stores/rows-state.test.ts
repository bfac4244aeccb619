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

const written = (stores: StoreStates): unknown => stores.writes().map(write => write.kind === 'rows' ? { rows: [...write.rows.keys()], decided: [...write.decided] } : write)

test('a key that is not known suspends the record and is asked for once', () => {
  const { stores, log } = open()
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)

  assert.deepEqual(answer(stores, 'a'), ['a'])

  assert.equal(log.has({ event_id: 'a' }), true)
  assert.deepEqual(stores.takeMissing(), [])
})

test('while speculating an unknown key is absent, and all keys are asked for together', () => {
  const { stores, log } = open()
  stores.mode.speculating = true

  assert.deepEqual([log.has({ event_id: 'a' }), log.has({ event_id: 'b' })], [false, false])

  assert.equal(stores.mode.missed, true)
  assert.deepEqual(answer(stores), ['a', 'b'])
})

test('a row inserted after it was read as absent decides; one inserted blindly does not', () => {
  const { stores, log } = open()
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  answer(stores)
  assert.equal(log.has({ event_id: 'a' }), false)
  log.insert(row('a'))
  log.insert(row('b'))

  stores.seal()

  assert.deepEqual(written(stores), [{ rows: ['a', 'b'], decided: ['a'] }])
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
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  answer(stores)
  stores.beginRecord(0)
  log.insert(row('a'))

  stores.undoRecord()

  assert.equal(log.has({ event_id: 'a' }), false)
})

test('a key in conflict is read again', () => {
  const { stores, log } = open()
  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
  answer(stores)
  log.insert(row('a'))
  stores.seal()

  stores.evict([{ store: eventLog, keys: ['a'] }])
  stores.undo()

  assert.throws(() => log.has({ event_id: 'a' }), Suspended)
})
