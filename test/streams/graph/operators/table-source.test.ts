import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableSource } from '../../../../streams/graph/operators/table-source.ts'
import { storedValues } from '../../../../streams/graph/operators/table-store.ts'
import { tablePassThrough } from '../../../../streams/graph/operators/table-pass-through.ts'
import { tableToStream } from '../../../../streams/graph/operators/table-to-stream.ts'
import type { Change } from '../../../../streams/graph/change.ts'
import type { StreamRecord } from '../../../../streams/graph/record.ts'
import { openTablePlay, stored } from '../../../helpers/table-play.ts'

test('a table without a store hands on each record as a change that nothing was before', () => {
  const play = openTablePlay()
  const pipe = play.table('t', play.captureChange('out'))

  assert.deepEqual(pipe('a', '1', 5), [['out', 'a', ['1', null], 5]])
  assert.deepEqual(pipe('a', '2', 3), [['out', 'a', ['2', null], 3]])
  assert.deepEqual(pipe('b', null, 4), [['out', 'b', [null, null], 4]])
})

test('a record without a key is no row, and is counted', () => {
  for (const materialization of [undefined, stored('t')]) {
    const play = openTablePlay()
    const pipe = play.table('t', play.captureNew('out'), { materialization })

    assert.deepEqual(pipe(null, '1', 5), [])
    assert.deepEqual(play.dropped, ['null-key'])
  }
})

test('a table with a store hands on old values where somebody asks for them', () => {
  for (const sendsOldValues of [true, false]) {
    const play = openTablePlay()
    const pipe = play.table('t', play.captureChange('out'), { materialization: stored('t'), sendsOldValues })

    pipe('a', '1', 5)
    assert.deepEqual(pipe('a', '2', 6), [['out', 'a', ['2', sendsOldValues ? '1' : null], 6]])
    assert.deepEqual(pipe('a', null, 7), [['out', 'a', [null, sendsOldValues ? '2' : null], 7]])
  }
})

test('a late record overwrites a row', () => {
  const play = openTablePlay()
  const materialization = stored('t')
  const pipe = play.table('t', play.captureChange('out'), { materialization, sendsOldValues: true })
  pipe('a', '1', 5)

  assert.deepEqual(pipe('a', '2', 3), [['out', 'a', ['2', '1'], 3]])
  assert.deepEqual(storedValues(materialization.store).open(play.execution).get('a')?.value, '2')
})

test('a late record of a versioned table is not the latest, and one beyond its history is dropped', () => {
  const play = openTablePlay()
  const seen: StreamRecord<string, Change<string>>[] = []
  const materialization = stored('t', { historyRetentionMs: 10 })
  const pipe = play.table<string>('t', record => { seen.push(record) }, { materialization, sendsOldValues: true })

  pipe('a', '1', 20)
  pipe('a', '0', 15)
  pipe('a', 'lost', 9)

  assert.deepEqual(seen.map(({ value }) => value), [{ newValue: '1', oldValue: null, isLatest: true }, { newValue: '0', oldValue: '1', isLatest: false }])
  assert.deepEqual(play.dropped, ['expired'])
  const values = storedValues(materialization.store).open(play.execution)
  assert.equal(values.get('a')?.value, '1')
  assert.equal(values.getAsOf?.('a', 16)?.value, '0')
})

test('with a cache a delete of what was never there says nothing', () => {
  for (const caching of [true, false]) {
    const play = openTablePlay()
    const pipe = play.table('t', play.captureNew('out'), { materialization: stored('t', { caching }) })

    assert.deepEqual(pipe('a', null, 1), caching ? [] : [['out', 'a', null, 1]])
    pipe('a', '1', 2)
    assert.deepEqual(pipe('a', null, 3), [['out', 'a', null, 3]])
  }
})

test('whether a table has a store and sends old values is asked when the graph is wired', () => {
  const play = openTablePlay()
  let sends = false
  const wire = tableSource<string, string>({ materialization: () => sends ? stored('t') : undefined, sendsOldValues: () => sends })
  sends = true
  const input = wire(play.execution, play.node('t'), play.captureChange('out'))

  input({ key: 'a', value: '1', timestamp: 1, headers: [] })
  assert.deepEqual(storedValues(stored('t').store).open(play.execution).get('a')?.value, '1')
})

test('a stream of a table has the new values', () => {
  const play = openTablePlay()
  const toStream = tableToStream<string, string>()(play.execution, play.node('s'), play.capture('out'))
  const through = tablePassThrough<string, string>()(play.execution, play.node('p'), toStream)
  const pipe = play.table('t', through, { materialization: stored('t'), sendsOldValues: true })

  pipe('a', '1', 1)
  assert.deepEqual(pipe('a', '2', 2), [['out', 'a', '2', 2]])
  assert.deepEqual(pipe('a', null, 3), [['out', 'a', null, 3]])
})
