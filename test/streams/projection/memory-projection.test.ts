import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryProjection } from '../../../streams/projection/memory-projection.ts'
import { countsOf, entriesOf, rankingOf, valueOf } from '../../../streams/projection/state-reader.ts'
import { coVisitation } from '../../../stores/co-visitation.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { userHistory } from '../../../stores/user-history.ts'
import { profiles } from '../../helpers/stores.ts'
import { popularity, stateReaderContract, together } from './state-reader.contract.ts'

stateReaderContract('memory', async (t, changes) => {
  const projection = createMemoryProjection()
  projection.apply(changes)
  return projection.reader
})

test('an older count, list or value does not replace a newer one', async () => {
  const { apply, reader } = createMemoryProjection()
  const list = (newest: number) => ({ kind: 'list' as const, store: userHistory, values: new Map([['u', { newest, entries: [{ item_id: `i${newest}`, ts: 0 }] }]]) })
  const value = (version: number) => ({ kind: 'keyed' as const, store: profiles, values: new Map([['k', { version, value: `v${version}` }]]) })

  apply([popularity({ a: 5 }), list(2), value(7)])
  apply([popularity({ a: 4 }), list(1), value(6)])

  assert.deepEqual(await reader.read([rankingOf(itemPopularity, { limit: 5 }), entriesOf(userHistory, { user_id: 'u' }), valueOf(profiles, { key: 'k' })]), [
    [{ member: 'a', count: 5 }], [{ item_id: 'i2', ts: 0 }], 'v7'
  ])
})

test('a value deleted stays deleted when an older one arrives late, and comes back with a newer one', async () => {
  const { apply, reader } = createMemoryProjection()
  const at = (version: number, value: unknown) => ({ kind: 'keyed' as const, store: profiles, values: new Map([['k', { version, value }]]) })
  const read = async () => (await reader.read([valueOf(profiles, { key: 'k' })]))[0]

  apply([at(2, undefined)])
  apply([at(1, 'old')])
  assert.equal(await read(), undefined)
  apply([at(3, 'new')])

  assert.equal(await read(), 'new')
})

test('a member that grows moves up, also from far below what is kept in order', async () => {
  const { apply, reader } = createMemoryProjection()
  apply([popularity(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`i${index}`, 3_000 - index])))])

  apply([popularity({ i2999: 2_999.5 + 0.5, i5: 5_000 })])

  const [ranking, counts] = await reader.read([rankingOf(itemPopularity, { limit: 4 }), countsOf(itemPopularity, ['i2998'])])
  assert.deepEqual(ranking.map(({ member }) => member), ['i5', 'i0', 'i2999', 'i1'])
  assert.equal(counts.get('i2998'), 2)
})

test('whatever the order of changes, a ranking is that of all counts sorted', async () => {
  const { apply, reader } = createMemoryProjection()
  const counts = new Map<string, number>()
  let seed = 1
  const random = (below: number): number => {
    seed = seed * 48_271 % 2_147_483_647
    return seed % below
  }
  for (let change = 0; change < 20_000; change++) {
    const member = `i${random(2_500)}`
    counts.set(member, (counts.get(member) ?? 0) + 1 + random(3))
    apply([popularity({ [member]: counts.get(member) ?? 0 })])
  }

  for (const limit of [10, 1_024, 2_000, 4_000, 100]) {
    const [ranking] = await reader.read([rankingOf(itemPopularity, { limit })])
    const expected = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, limit)
    assert.deepEqual(ranking, expected.map(([member, count]) => ({ member, count })))
  }
})

test('a ranking with a bound forgets the rest, and promises the best all the same', async () => {
  const { apply, reader } = createMemoryProjection()
  apply([together({ a: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`i${String(index).padStart(3, '0')}`, 10])) })])

  apply([together({ a: { i199: 11, i000: 9 } })])

  const [ranking] = await reader.read([rankingOf(coVisitation, { owner: 'a', limit: 1_000 })])
  assert.equal(ranking.length, 100)
  assert.deepEqual(ranking.slice(0, 2), [{ member: 'i199', count: 11 }, { member: 'i000', count: 10 }])
  assert.deepEqual(ranking.at(-1), { member: 'i098', count: 10 })
})

test('an answer once given does not change', async () => {
  const { apply, reader } = createMemoryProjection()
  apply([popularity({ a: 1 })])
  const [before] = await reader.read([rankingOf(itemPopularity, { limit: 5 })])

  apply([popularity({ a: 2, b: 3 })])

  assert.deepEqual(before, [{ member: 'a', count: 1 }])
})

test('after clear nothing is left', async () => {
  const { apply, clear, reader } = createMemoryProjection()
  apply([popularity({ a: 1 })])

  clear()

  assert.deepEqual(await reader.read([rankingOf(itemPopularity, { limit: 5 })]), [[]])
})

test('a ranking asked without its owner, or with one it has not, is a mistake of the asker', async () => {
  const { reader } = createMemoryProjection()

  await assert.rejects(reader.read([rankingOf(coVisitation, { limit: 5 })]), { message: "Counter 'co_visitation' has a ranking per 'prev_item_id'; say whose with { owner }." })
  await assert.rejects(reader.read([rankingOf(itemPopularity, { owner: 'a', limit: 5 })]), { message: "Counter 'item_popularity' has one ranking; leave owner 'a' out." })
})

test('a union of what is no ranking before it is a mistake of the asker', async () => {
  const { reader } = createMemoryProjection()

  await assert.rejects(reader.read([countsOf(itemPopularity, { unionOf: [1] }), rankingOf(itemPopularity, { limit: 5 })]), TypeError)
})
