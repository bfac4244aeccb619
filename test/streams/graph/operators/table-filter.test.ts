import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../streams/graph/change.ts'
import { filteredValues, tableFilter } from '../../../../streams/graph/operators/table-filter.ts'
import { storedValues } from '../../../../streams/graph/operators/table-store.ts'
import { openTablePlay, stored } from '../../../helpers/table-play.ts'

const isEven = (value: number): boolean => value % 2 === 0
const isOdd = (value: number): boolean => !isEven(value)

function openFilter ({ hasStore = false, caching = false, sendsOldValues = false, versionedInput = false } = {}) {
  const play = openTablePlay()
  const materialization = hasStore ? stored<number>('even', { caching }) : undefined
  const filter = tableFilter<string, number>({ predicate: isEven, materialization, sendsOldValues: () => sendsOldValues, versionedInput })(
    play.execution, play.node('f'), play.captureChange<number>('out')
  )
  return { ...play, pipe: play.table<number>('t', filter, { materialization: stored<number>('t'), sendsOldValues }) }
}

test('without old values each row that does not pass is deleted, whether it was there or not', () => {
  const play = openTablePlay()
  const options = { materialization: undefined, sendsOldValues: () => false, versionedInput: false }
  const even = tableFilter<string, number>({ predicate: isEven, ...options })(play.execution, play.node('f'), play.captureNew('even'))
  const odd = tableFilter<string, number>({ predicate: isOdd, ...options })(play.execution, play.node('fn'), play.captureNew('odd'))
  const pipe = play.table<number>('t', record => { even(record); odd(record) })

  assert.deepEqual(pipe('A', 1, 10), [['even', 'A', null, 10], ['odd', 'A', 1, 10]])
  assert.deepEqual(pipe('B', 2, 5), [['even', 'B', 2, 5], ['odd', 'B', null, 5]])
  assert.deepEqual(pipe('A', null, 18), [['even', 'A', null, 18], ['odd', 'A', null, 18]])
})

for (const hasStore of [false, true]) {
  test(`with old values ${hasStore ? 'and a store ' : ''}nothing is said of a row that neither was there nor passes`, () => {
    const { pipe } = openFilter({ hasStore, sendsOldValues: true })

    assert.deepEqual(pipe('a', 1, 1), [])
    assert.deepEqual(pipe('a', 2, 2), [['out', 'a', [2, null], 2]])
    assert.deepEqual(pipe('a', 4, 3), [['out', 'a', [4, 2], 3]])
    assert.deepEqual(pipe('a', 5, 4), [['out', 'a', [null, 4], 4]])
    assert.deepEqual(pipe('a', null, 5), [])
  })
}

test('behind a table with versions a row that does not pass is always deleted at its time', () => {
  const { pipe } = openFilter({ sendsOldValues: true, versionedInput: true })

  assert.deepEqual(pipe('a', 1, 1), [['out', 'a', [null, null], 1]])
})

test('a filter with a store and without old values says each delete, with a cache those that delete something', () => {
  for (const caching of [false, true]) {
    const { pipe } = openFilter({ hasStore: true, caching })

    assert.deepEqual(pipe('a', 1, 1), caching ? [] : [['out', 'a', [null, null], 1]])
    assert.deepEqual(pipe('a', 2, 2), [['out', 'a', [2, null], 2]])
    assert.deepEqual(pipe('a', 3, 3), [['out', 'a', [null, null], 3]])
  }
})

test('a change that is not the latest stays so', () => {
  const play = openTablePlay()
  const seen: Change<number>[] = []
  const filter = tableFilter<string, number>({ predicate: isEven, materialization: undefined, sendsOldValues: () => true, versionedInput: true })(
    play.execution, play.node('f'), ({ value }) => { seen.push(value) }
  )
  const pipe = play.table<number>('t', filter, { materialization: stored<number>('t', { historyRetentionMs: 100 }), sendsOldValues: true })

  pipe('a', 2, 10)
  pipe('a', 4, 5)

  assert.deepEqual(seen.map(({ isLatest }) => isLatest), [true, false])
})

test('a filter without a store is read through its table, now and as of a time', () => {
  const play = openTablePlay()
  const materialization = stored<number>('t', { historyRetentionMs: 100 })
  const pipe = play.table<number>('t', play.capture('out'), { materialization })
  const values = filteredValues(storedValues(materialization.store), isEven).open(play.execution)
  pipe('a', 2, 10)
  pipe('a', 3, 20)

  assert.equal(values.get('a'), undefined)
  assert.deepEqual(values.getAsOf?.('a', 15)?.value, 2)
  assert.equal(values.get('b'), undefined)
  assert.equal(filteredValues(storedValues(stored<number>('plain').store), isEven).open(play.execution).getAsOf, undefined)
})
