import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeHoldings, encodeHoldings, nothingHeld } from '../../../../streams/log/kafka/user-data.ts'

test('what a member held arrives at the leader', () => {
  const holdings = { generation: 3, owned: new Map([['t', [0, 2]]]), patterns: ['/t-.*/'] }

  assert.deepEqual(decodeHoldings(encodeHoldings(holdings)), holdings)
})

test('what another program sends counts as nothing held', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from([0, 255, 3]), Buffer.from('null'), Buffer.from('{"generation":"x","owned":[]}'), null, undefined]) {
    assert.deepEqual(decodeHoldings(bytes), nothingHeld)
  }
})
