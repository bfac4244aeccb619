import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { recoItems } from '../../api/reco-items.ts'
import { popularNeeded, rulesV1 } from '../../api/rules-v1.ts'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import type { RecoQuery } from '../../schemas/reco.ts'
import { relatedOf } from '../helpers/related.ts'
import { fakeReader } from '../helpers/state.ts'
import { inOrder, stateOf, worlds, type World } from '../helpers/worlds.ts'

test('the popular items asked for are 5 times the retrieval limit, 1,000 at least', () => {
  assert.equal(popularNeeded(1), 1000)
  assert.equal(popularNeeded(20), 2000)
  assert.equal(popularNeeded(200), 20_000)
})

test('a count from the newest item weighs 2.5, popularity 1, having been seen −5', () => {
  const input = {
    k: 10,
    history: ['last', 'before'],
    look: {
      related: [
        relatedOf([{ member: 'x', count: 4, incoming: 0, popularity: 1 }]),
        relatedOf([{ member: 'y', count: 9, incoming: 0, popularity: 10.5 }, { member: 'last', count: 1, incoming: 0, popularity: 20 }])
      ]
    },
    popular: [{ member: 'last', count: 20 }, { member: 'y', count: 10.5 }, { member: 'x', count: 1 }],
    excluded: new Set<string>()
  }

  const scoresOf = (keepSeen: boolean) => rulesV1({ ...input, keepSeen }).map(({ item, score }) => [item, score])

  assert.deepEqual(scoresOf(false), [['x', 2.5 * 4 + 1], ['y', 10.5]])
  assert.deepEqual(scoresOf(true), [['last', 20 - 5], ['x', 11], ['y', 10.5]])
})

test('what is not among the best max(20·k, 200) of the retrieval is not ranked', () => {
  const popular = Array.from({ length: 300 }, (_, index) => ({ member: `p${String(index).padStart(3, '0')}`, count: 1000 - index }))
  const weak = { member: 'weak', count: 1, incoming: 0, popularity: 0 }

  const ranked = rulesV1({ k: 10, history: ['h'], look: { related: [relatedOf([weak])] }, popular, excluded: new Set(), keepSeen: false })

  // Retrieved with 1, while the 200th popular item has 80.1.
  assert.equal(ranked.some(({ item }) => item === 'weak'), false)
  assert.equal(ranked[0]?.item, 'p000')
})

test('it ranks as the formula written down word by word does', async () => {
  const query = fc.record({ k: fc.integer({ min: 1, max: 8 }), exclude: fc.subarray(['a', 'c', '😀']), exclude_seen: fc.constantFrom('history' as const, 'none' as const) })

  await fc.assert(fc.asyncProperty(worlds, query, async (world, asked) => {
    const reader = fakeReader(stateOf(world))
    const features = openRecoFeatures({ projection: reader, postgres: reader })
    const full: RecoQuery = { user_id: 'u1', session_id: 's', strategy: 'rules-v1', ...asked }

    assert.deepEqual((await recoItems(full, { features, historySize: 20 })).items, literal(world, full))
  }), { numRuns: 1000 })
})

function literal (world: World, { k, exclude = [], exclude_seen }: RecoQuery): string[] {
  const limit = Math.max(20 * k, 200)
  const hidden = exclude_seen === 'none' ? exclude : [...exclude, ...world.history]
  const retrieved = new Map<string, number>()
  for (let d = 0; d < Math.min(5, world.history.length); d++) {
    for (const [item, cnt] of Object.entries(world.links[world.history[d] ?? ''] ?? {})) {
      if (!hidden.includes(item)) retrieved.set(item, (retrieved.get(item) ?? 0) + cnt / (d + 1))
    }
  }
  for (const [item, score] of Object.entries(world.popularity)) {
    if (!hidden.includes(item)) retrieved.set(item, (retrieved.get(item) ?? 0) + 0.1 * score)
  }
  const final = new Map<string, number>()
  for (const item of inOrder(world, retrieved).slice(0, limit)) {
    const cnt = world.links[world.history[0] ?? '']?.[item] ?? 0
    final.set(item, 2.5 * cnt + 1.0 * (world.popularity[item] ?? 0) - 5.0 * (world.history.includes(item) ? 1 : 0))
  }
  return inOrder(world, final).slice(0, k)
}
