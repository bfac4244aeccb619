import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, VersionedValue } from '../../../../streams/state/state.ts'
import { StoreStates } from '../../../../streams/task/stores/store-states.ts'
import { Suspended } from '../../../../streams/task/stores/store-state.ts'
import { profiles } from '../../../helpers/stores.ts'

const open = (found: Readonly<Record<string, VersionedValue>> = {}) => {
  const stores = new StoreStates([profiles])
  stores.accept([{ store: profiles, found: new Map(Object.entries(found)) }], [{ store: profiles, keys: ['k', ...Object.keys(found)] }])
  const writer = stores.writer(profiles)
  return { stores, get: () => writer.get({ key: 'k' }), put: (value: unknown) => writer.put({ key: 'k' }, value), remove: () => writer.delete({ key: 'k' }), writer }
}

const written = (stores: StoreStates): unknown => stores.writes().map(write => write.kind === 'keyed' ? Object.fromEntries(write.changes) : write)

const change = (version: number, value: unknown): Change => ({ kind: 'keyed', store: profiles, values: new Map([['k', { version, value }]]) })

test('a value that is not known suspends the record, also when it is only put or deleted', () => {
  const { stores, writer } = open()

  assert.throws(() => writer.get({ key: 'a' }), Suspended)
  assert.throws(() => writer.put({ key: 'b' }, 1), Suspended)
  assert.throws(() => writer.delete({ key: 'c' }), Suspended)

  assert.deepEqual(stores.takeMissing().map(({ keys }) => keys), [['a', 'b', 'c']])
})

test('the last value put is read back, and written under the version that was read', () => {
  const { stores, get, put } = open({ k: { version: 9, value: 'old' } })
  assert.equal(get(), 'old')
  put('one')
  put('two')

  assert.equal(get(), 'two')
  stores.seal()
  assert.deepEqual(written(stores), [{ k: { expected: 9, value: 'two' } }])
})

test('a deleted key reads as absent, and is deleted under the version that was read', () => {
  const { stores, get, remove } = open({ k: { version: 9, value: 'old' } })
  remove()

  assert.equal(get(), undefined)
  stores.seal()
  assert.deepEqual(written(stores), [{ k: { expected: 9, value: undefined } }])
})

test('what is made and deleted within one unit is not written', () => {
  const { stores, put, remove } = open()
  put('x')
  remove()

  stores.seal()

  assert.deepEqual(written(stores), [])
})

test('an undone record leaves the value of the record before', () => {
  const { stores, get, put, remove } = open({ k: { version: 9, value: 'old' } })
  stores.beginRecord(0)
  put('one')
  stores.beginRecord(0)
  put('two')
  remove()

  stores.undoRecord()

  assert.equal(get(), 'one')
})

test('the version that the sealed unit makes is handed on to what the next unit has written meanwhile', () => {
  const { stores, get, put } = open()
  put('one')
  stores.seal()
  assert.equal(get(), 'one')
  put('two')
  put('three')

  stores.committed([change(41, 'one')])
  stores.seal()

  assert.deepEqual(written(stores), [{ k: { expected: 41, value: 'three' } }])
})

test('what the sealed unit deletes is made anew by the next', () => {
  const { stores, get, put, remove } = open({ k: { version: 9, value: 'old' } })
  remove()
  stores.seal()
  assert.equal(get(), undefined)
  put('new')

  stores.committed([change(41, undefined)])
  stores.seal()

  assert.deepEqual(written(stores), [{ k: { expected: 0, value: 'new' } }])
})

test('a record of the next unit that is undone after all leaves the version to those behind it', () => {
  const { stores, put } = open()
  put('one')
  stores.seal()
  stores.beginRecord(0)
  put('two')
  stores.undoRecord()

  stores.committed([change(41, 'one')])
  put('three')
  stores.seal()

  assert.deepEqual(written(stores), [{ k: { expected: 41, value: 'three' } }])
})

test('after an undo the value is what was committed last', () => {
  const { stores, get, put } = open({ k: { version: 9, value: 'old' } })
  put('one')
  stores.seal()
  put('two')

  stores.undo()

  assert.equal(get(), 'old')
})

test('null is a value', () => {
  const { stores, get, put } = open()
  put(null)

  assert.equal(get(), null)
  stores.seal()
  assert.deepEqual(written(stores), [{ k: { expected: 0, value: null } }])
})
