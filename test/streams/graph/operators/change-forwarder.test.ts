import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeForwarder, type ChangeForwarder } from '../../../../streams/graph/operators/change-forwarder.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'

type Step = readonly [key: string, oldValue: string | null, newValue: string | null]

/** Runs steps as one input record each and tells what went on: `[key, old, new]`, and 'done' where a record was done. */
function open ({ caching, sendsOldValues }: { readonly caching: boolean, readonly sendsOldValues: boolean }) {
  const bench = openOperatorBench()
  const seen: (readonly [string, string | null, string | null])[] = []
  let during = 0
  const forwarder: ChangeForwarder<string, string> = changeForwarder(bench.execution, { caching, sendsOldValues: () => sendsOldValues }, ({ key, value }) => {
    seen.push([key, value.oldValue, value.newValue])
  })
  return {
    seen,
    /** How many changes had gone on before the record was done. */
    during: () => during,
    record (...steps: readonly Step[]) {
      bench.run(() => {
        for (const [key, oldValue, newValue] of steps) {
          forwarder.forward(key, { key, value: { newValue, oldValue, isLatest: true }, timestamp: 0, headers: [] })
        }
        during = seen.length
      }, { key: null, value: null, timestamp: 0 })
    }
  }
}

test('without caching each change goes on at once', () => {
  const { seen, during, record } = open({ caching: false, sendsOldValues: true })

  record(['a', null, '1'], ['a', '1', '2'])

  assert.deepEqual(seen, [['a', null, '1'], ['a', '1', '2']])
  assert.equal(during(), 2)
})

test('changes of a row by one record become one, when the record is done, with the old value from before the first', () => {
  const { seen, during, record } = open({ caching: true, sendsOldValues: true })

  record(['a', '0', '1'], ['a', '1', '2'])

  assert.deepEqual(seen, [['a', '0', '2']])
  assert.equal(during(), 0)
})

test('rows go on in the order of their last change', () => {
  const { seen, record } = open({ caching: true, sendsOldValues: true })

  record(['a', null, '1'], ['b', null, '1'], ['a', '1', '2'])

  assert.deepEqual(seen.map(([key]) => key), ['b', 'a'])
})

test('a row that one record makes and deletes is not heard of, and one that it deletes is', () => {
  const { seen, record } = open({ caching: true, sendsOldValues: false })

  record(['new', null, '1'], ['new', '1', null], ['old', '1', '2'], ['old', '2', null])

  assert.deepEqual(seen, [['old', null, null]])
})

test('old values go on only where somebody needs them', () => {
  for (const caching of [true, false]) {
    const { seen, record } = open({ caching, sendsOldValues: false })

    record(['a', '1', '2'])

    assert.deepEqual(seen, [['a', null, '2']])
  }
})

test('what a record left behind that was undone is forgotten', () => {
  const bench = openOperatorBench()
  const seen: string[] = []
  const forwarder = changeForwarder<string, string>(bench.execution, { caching: true, sendsOldValues: () => false }, ({ key }) => { seen.push(key) })
  const change = (key: string) => () => forwarder.forward(key, { key, value: { newValue: '1', oldValue: null, isLatest: true }, timestamp: 0, headers: [] })

  assert.throws(() => bench.run(() => {
    change('undone')()
    throw new Error('the state is not at hand')
  }, { key: null, value: null, timestamp: 0 }))
  bench.run(change('run'), { key: null, value: null, timestamp: 0 })

  assert.deepEqual(seen, ['run'])
})

test('a node whose old value is not what was stored says both', () => {
  const change = { key: 'a', value: { newValue: '1', oldValue: 'initial', isLatest: true }, timestamp: 0, headers: [] }
  for (const [caching, expected] of [[true, null], [false, 'initial']] as const) {
    const bench = openOperatorBench()
    const seen: (string | null)[] = []
    const forwarder = changeForwarder<string, string>(bench.execution, { caching, sendsOldValues: () => true }, ({ value }) => { seen.push(value.oldValue) })

    bench.run(() => forwarder.forward('a', change, null), { key: null, value: null, timestamp: 0 })

    assert.deepEqual(seen, [expected])
  }
})

test('nodes that change the rows of one store are heard of as one', () => {
  const bench = openOperatorBench()
  const seen: (readonly [string, string | null, string | null])[] = []
  const options = { caching: true, sendsOldValues: () => true, store: {} }
  const [one, other] = ['one', 'other'].map(name =>
    changeForwarder<string, string>(bench.execution, options, ({ value }) => { seen.push([name, value.oldValue, value.newValue]) }))
  const change = (oldValue: string | null, newValue: string) => ({ key: 'a', value: { newValue, oldValue, isLatest: true }, timestamp: 0, headers: [] })

  bench.run(() => {
    one?.forward('a', change(null, '1'))
    other?.forward('a', change('1', '2'))
  }, { key: null, value: null, timestamp: 0 })

  assert.deepEqual(seen, [['other', null, '2']])
})
