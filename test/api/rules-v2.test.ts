import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { recoItems } from '../../api/reco-items.ts'
import { rulesV2 } from '../../api/rules-v2.ts'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import type { RecoQuery } from '../../schemas/reco.ts'
import { relatedOf } from '../helpers/related.ts'
import { fakeReader } from '../helpers/state.ts'
import { inOrder, into, outOf, stateOf, worlds, type World } from '../helpers/worlds.ts'

test('counts are damped by what leaves the one item and enters the other, and by age', () => {
  const ranked = rulesV2({
    k: 2,
    look: {
      related: [
        relatedOf([{ member: 'x', count: 2, incoming: 11, popularity: 3 }]),
        relatedOf([{ member: 'x', count: 1, incoming: 11, popularity: 3 }, { member: 'y', count: 6, incoming: 76, popularity: 15 }])
      ],
      outgoing: [11, 11]
    },
    popular: [{ member: 'p', count: 63 }],
    hidden: new Set()
  })

  // 16^0.75 = 8, 16^0.25 = 2, 81^0.25 = 3: C(x) = 2/16 + 1/16/2 = 5/32, C(y) = 6/24/2 = 1/8, so y has 4/5 of x.
  // log 4 = 2 log 2, log 16 = 4 log 2, log 64 = 6 log 2.
  assert.deepEqual(ranked.map(({ item }) => item), ['x', 'y'])
  assertClose(ranked[0]?.score, 1 + 0.02 * 2 / 6)
  assertClose(ranked[1]?.score, 0.8 + 0.02 * 4 / 6)
})

test('with too few related items popular ones fill up, and an item nobody came from scores by popularity alone', () => {
  const ranked = rulesV2({ k: 2, look: { related: [], outgoing: [] }, popular: [{ member: 'p', count: 3 }, { member: 'q', count: 1 }, { member: 'r', count: 1 }], hidden: new Set(['p']) })

  assert.deepEqual(ranked.map(({ item }) => item), ['q', 'r'])
  assertClose(ranked[0]?.score, 0.02 * 1 / 2)
})

test('0/0 is 0: in an empty world nothing divides by nothing', () => {
  const look = { related: [relatedOf([{ member: 'x', count: 1, incoming: 1, popularity: 0 }])], outgoing: [1] }

  assert.deepEqual(rulesV2({ k: 5, look, popular: [], hidden: new Set() }).map(({ score }) => score), [1])
  assert.deepEqual(rulesV2({ k: 5, look, popular: [], hidden: new Set(['x']) }), [])
})

test('it ranks as the formula written down word by word does', async () => {
  const query = fc.record({ k: fc.integer({ min: 1, max: 8 }), exclude: fc.subarray(['a', 'c', '😀']), exclude_seen: fc.constantFrom('history' as const, 'none' as const) })

  await fc.assert(fc.asyncProperty(worlds, query, async (world, asked) => {
    const reader = fakeReader(stateOf(world))
    const features = openRecoFeatures({ projection: reader, postgres: reader })
    const full: RecoQuery = { user_id: 'u1', session_id: 's', strategy: 'rules-v2', ...asked }

    assert.deepEqual((await recoItems(full, { features, historySize: 20 })).items, literal(world, full))
  }), { numRuns: 1000 })
})

function literal (world: World, { k, exclude = [], exclude_seen }: RecoQuery): string[] {
  const hidden = exclude_seen === 'none' ? exclude : [...exclude, ...world.history]
  const distinct = world.history.filter((item, index) => world.history.indexOf(item) === index).slice(0, 20)
  const c = new Map<string, number>()
  for (const [index, h] of distinct.entries()) {
    for (const [j, cnt] of Object.entries(world.links[h] ?? {})) {
      if (hidden.includes(j)) continue
      const s = cnt / ((outOf(world, h) + 5) ** 0.75 * (into(world, j) + 5) ** 0.25)
      c.set(j, (c.get(j) ?? 0) + s / (index + 1))
    }
  }
  for (const item of inOrder(world, new Map(Object.entries(world.popularity)))) {
    if (c.size < k && !hidden.includes(item) && !c.has(item)) c.set(item, 0)
  }
  const maxC = Math.max(0, ...c.values())
  const maxP = Math.max(0, ...Object.values(world.popularity))
  const final = new Map<string, number>()
  for (const [item, value] of c) {
    final.set(item, divide(value, maxC) + divide(0.02 * Math.log(1 + (world.popularity[item] ?? 0)), Math.log(1 + maxP)))
  }
  return inOrder(world, final).slice(0, k)
}

function divide (a: number, b: number): number {
  return b === 0 ? 0 : a / b
}

function assertClose (actual: number | undefined, expected: number): void {
  assert.equal(Math.abs((actual ?? NaN) - expected) < 1e-12, true, `${actual} is not ${expected}`)
}
