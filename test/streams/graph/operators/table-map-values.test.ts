import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mappedValues, tableMapValues } from '../../../../streams/graph/operators/table-map-values.ts'
import { storedValues } from '../../../../streams/graph/operators/table-store.ts'
import { openTablePlay, stored } from '../../../helpers/table-play.ts'

for (const hasStore of [false, true]) {
  test(`a mapped table ${hasStore ? 'with' : 'without'} a store has mapped old values where somebody asks for them`, () => {
    for (const sendsOldValues of [false, true]) {
      const play = openTablePlay()
      const map = tableMapValues<string, string, number>({
        mapper: Number, materialization: hasStore ? stored<number>('m') : undefined, sendsOldValues: () => sendsOldValues
      })(play.execution, play.node('m'), play.captureChange<number>('out'))
      const pipe = play.table('t', map, { materialization: stored('t'), sendsOldValues })

      pipe('a', '1', 1)
      assert.deepEqual(pipe('a', '2', 2), [['out', 'a', [2, sendsOldValues ? 1 : null], 2]])
      assert.deepEqual(pipe('a', null, 3), [['out', 'a', [null, sendsOldValues ? 2 : null], 3]])
    }
  })
}

test('the mapper is given value and key, and is not asked about a deleted row', () => {
  const play = openTablePlay()
  const asked: unknown[] = []
  const mapper = (value: string, key: string): string => { asked.push([value, key]); return key + value }
  const map = tableMapValues({ mapper, materialization: undefined, sendsOldValues: () => true })(play.execution, play.node('m'), play.captureNew('out'))
  const pipe = play.table('t', map)

  assert.deepEqual(pipe('a', '1', 1), [['out', 'a', 'a1', 1]])
  assert.deepEqual(pipe('a', null, 2), [['out', 'a', null, 2]])
  assert.deepEqual(asked, [['1', 'a']])
})

test('a mapped table without a store is read through its table', () => {
  const play = openTablePlay()
  const materialization = stored('t', { historyRetentionMs: 100 })
  const pipe = play.table('t', play.capture('out'), { materialization })
  const values = mappedValues(storedValues(materialization.store), value => value === 'none' ? null : Number(value)).open(play.execution)
  pipe('a', '1', 10)
  pipe('a', '2', 20)
  pipe('b', 'none', 20)

  assert.deepEqual(values.get('a'), { value: 2, timestamp: 20 })
  assert.deepEqual(values.getAsOf?.('a', 15), { value: 1, timestamp: 10 })
  assert.equal(values.get('b'), undefined)
  assert.equal(values.get('c'), undefined)
})
