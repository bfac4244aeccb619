import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aggregate } from '../../../../streams/graph/operators/aggregate.ts'
import { counting } from '../../../../streams/graph/operators/counting.ts'
import { reducing } from '../../../../streams/graph/operators/reducing.ts'
import { keyValueOf, tableStore } from '../../../../streams/graph/materialize.ts'
import type { Serde } from '../../../../streams/serdes/serde.ts'
import { text } from '../../../../streams/serdes/text.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'
import { adding, numbers, openOperator, output, type Output } from '../../../helpers/windowed-operator.ts'

const sendsOldValues = () => true

function aggregateStore<V> (name: string, value: Serde<V>, { caching = true }: { readonly caching?: boolean } = {}) {
  const store = { name, key: text, value, caching, isNamed: true }
  return keyValueOf(tableStore(store), store)
}

test('a key has one aggregate, with the largest timestamp of its records', () => {
  const { pipe, changes } = openOperator(aggregate({ ...adding, store: aggregateStore('rows', text), sendsOldValues }))

  assert.deepEqual(pipe('a', '1', 10), [['a', '0+1', 10]])
  assert.deepEqual(changes(), [{ newValue: '0+1', oldValue: null, isLatest: true }])
  assert.deepEqual(pipe('a', '2', 5), [['a', '0+1+2', 10]])
  assert.deepEqual(changes(), [{ newValue: '0+1+2', oldValue: '0+1', isLatest: true }])
  assert.deepEqual(pipe('b', '3', 1), [['b', '0+3', 1]])
})

test('without caching the initial value is the first old value', () => {
  const { pipe, changes } = openOperator(aggregate({ ...adding, store: aggregateStore('rows', text, { caching: false }), sendsOldValues }))

  pipe('a', '1', 10)

  assert.deepEqual(changes().map(({ oldValue }) => oldValue), ['0'])
})

test('null keys and null values are dropped, and not counted', () => {
  const { pipe, bench } = openOperator(aggregate<string, string | null, number>({ ...counting, store: aggregateStore('counts', numbers), sendsOldValues }))

  assert.deepEqual([pipe('a', 'v', 0), pipe('a', null, 1), pipe(null, 'v', 2), pipe('a', 'v', 3)], [[['a', 1, 0]], [], [], [['a', 2, 3]]])
  assert.deepEqual(bench.dropped, ['null-value', 'null-key'])
})

test('a reduce begins with the first value as it is, and begins anew when it was deleted', () => {
  const { pipe } = openOperator(aggregate<string, string, string | null>({
    initializer: () => null,
    aggregator: (before, value) => value === 'delete' ? null : reducing<string, string>((one, other) => `${one}+${other}`).aggregator(before, value),
    store: aggregateStore('rows', text),
    sendsOldValues
  }))

  assert.deepEqual([pipe('a', '1', 5), pipe('a', '2', 3)], [[['a', '1', 5]], [['a', '1+2', 5]]])
  assert.deepEqual(pipe('a', 'delete', 6), [['a', null, 6]])
  assert.deepEqual(pipe('a', '3', 4), [['a', '3', 4]])
})

test('streams that are aggregated together make one row, which is heard of once per record', () => {
  const bench = openOperatorBench()
  const store = aggregateStore('rows', text)
  const outputs: Output[] = []
  const [names, numbered] = (['n', '#'] as const).map(sign => aggregate<string, string, string>({
    store, sendsOldValues, initializer: () => '', aggregator: (before, value) => before + sign + value
  })(bench.execution, bench.node(`aggregate${sign}`), record => { outputs.push(output(record)) }))

  bench.run(() => {
    names?.({ key: 'a', value: 'x', timestamp: 2, headers: [] })
    numbered?.({ key: 'a', value: '1', timestamp: 1, headers: [] })
  }, { key: 'a', value: null, timestamp: 2 })

  assert.deepEqual(outputs, [['a', 'nx#1', 2]])
})

test('a row can be read through the getter of its store', () => {
  const store = aggregateStore('rows', text)
  const { pipe, bench } = openOperator(aggregate({ ...adding, store, sendsOldValues }))
  const { get } = store.getter.open(bench.execution)
  pipe('a', '1', 10)

  assert.equal(get('a')?.value, '0+1')
  assert.equal(get('b'), undefined)
})
