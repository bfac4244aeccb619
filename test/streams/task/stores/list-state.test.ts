import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListValue } from '../../../../streams/state/state.ts'
import { StoreStates } from '../../../../streams/task/stores/store-states.ts'
import { Suspended } from '../../../../streams/task/stores/store-state.ts'
import { userHistory } from '../../../../stores/user-history.ts'

const open = (found: Readonly<Record<string, ListValue>> = {}) => {
  const stores = new StoreStates([userHistory])
  stores.accept([{ store: userHistory, found: new Map(Object.entries(found)) }], [{ store: userHistory, keys: ['u', ...Object.keys(found)] }])
  const history = stores.writer(userHistory)
  return { stores, history, append: (item_id: string, keep = 3) => history.append({ user_id: 'u' }, { item_id, ts: 0 }, { keep }), items: () => history.entries({ user_id: 'u' }).map(({ item_id }) => item_id) }
}

const stored = (newest: number, ...items: readonly string[]): ListValue => ({ newest, entries: items.map(item_id => ({ item_id, ts: 0 })) })

const written = (stores: StoreStates): unknown => stores.writes().map(write => write.kind === 'list' ? Object.fromEntries(write.changes) : write)

test('a list that is not known suspends the record', () => {
  const { stores, history } = open()

  assert.throws(() => history.newest({ user_id: 'other' }), Suspended)
  assert.throws(() => history.append({ user_id: 'third' }, { item_id: 'a', ts: 0 }, { keep: 3 }), Suspended)

  assert.deepEqual(stores.takeMissing().map(({ keys }) => keys), [['other', 'third']])
})

test('appended entries are the newest first, and no more than are kept', () => {
  const { stores, append, items, history } = open()
  assert.equal(history.newest({ user_id: 'u' }), undefined)
  for (const item of ['a', 'b', 'c', 'd']) append(item)

  assert.deepEqual(items(), ['d', 'c', 'b'])
  stores.seal()
  assert.deepEqual(written(stores), [{ u: { expected: 0, held: 0, value: stored(4, 'd', 'c', 'b') } }])
})

test('a list that keeps one entry keeps the newest', () => {
  const { append, items } = open()
  append('a', 1)
  append('b', 1)

  assert.deepEqual(items(), ['b'])
})

test('what is written compares with the number that was read, however much was appended', () => {
  const { stores, append } = open({ u: stored(7, 'z') })
  append('a')
  append('b')

  stores.seal()

  assert.deepEqual(written(stores), [{ u: { expected: 7, held: 1, value: stored(9, 'b', 'a', 'z') } }])
})

test('an undone record leaves the list as the record before left it', () => {
  const { stores, append, items } = open()
  stores.beginRecord(0)
  append('a')
  stores.beginRecord(0)
  append('b')
  append('c')

  stores.undoRecord()

  assert.deepEqual(items(), ['a'])
})

test('the next unit goes on from the sealed one before that is committed, and from the cache after', () => {
  const { stores, append, items } = open()
  append('a')
  stores.seal()
  append('b')
  stores.committed([])
  stores.seal()

  assert.deepEqual(written(stores), [{ u: { expected: 1, held: 1, value: stored(2, 'b', 'a') } }])
  stores.committed([])
  assert.deepEqual(items(), ['b', 'a'])
})

test('undo leaves what was read; a conflict has it read again', () => {
  const { stores, append, items } = open({ u: stored(1, 'z') })
  append('a')
  stores.seal()

  stores.undo()
  assert.deepEqual(items(), ['z'])
  stores.evict([{ store: userHistory, keys: ['u'] }])

  assert.throws(items, Suspended)
})
