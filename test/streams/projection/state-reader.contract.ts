import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Change } from '../../../streams/state/state.ts'
import { countsOf, entriesOf, rankingOf, valueOf, type StateReader } from '../../../streams/projection/state-reader.ts'
import { coVisitation } from '../../../stores/co-visitation.ts'
import { coVisitationIn } from '../../../stores/co-visitation-in.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { userHistory } from '../../../stores/user-history.ts'
import { profiles, shelves, visits } from '../../helpers/stores.ts'

/** Opens a reader of a world of its own in which these changes, one per store, are all that ever happened; undefined after skipping the test. */
export type ReaderFactory = (t: TestContext, changes: readonly Change[]) => Promise<StateReader | undefined>

/** What every implementation of the reader promises. */
export function stateReaderContract (name: string, openReader: ReaderFactory): void {
  const readerTest = (title: string, changes: readonly Change[], check: (reader: StateReader) => Promise<void>): void => {
    void test(`${name}: ${title}`, async t => {
      const reader = await openReader(t, changes)
      if (reader !== undefined) await check(reader)
    })
  }

  readerTest('a ranking has the highest count first, and between equals the member that is first in bytes', [
    popularity({ b: 5, a: 5, '': 5, c: 7, B: 5, ü: 5, '\u{ff5e}': 5, '\u{1f600}': 5, z: 1 })
  ], async reader => {
    const [ranking] = await reader.read([rankingOf(itemPopularity, { limit: 100 })])

    // In UTF-16 the astral face would stand before the full-width tilde.
    assert.deepEqual(ranking.map(({ member }) => member), ['c', '', 'B', 'a', 'b', 'ü', '\u{ff5e}', '\u{1f600}', 'z'])
    assert.deepEqual(ranking.slice(0, 2), [{ member: 'c', count: 7 }, { member: '', count: 5 }])
  })

  readerTest('a limit cuts a ranking after the best, also among equals', [popularity({ a: 1, b: 1, c: 1, d: 9 })], async reader => {
    const [two, none, all] = await reader.read([
      rankingOf(itemPopularity, { limit: 2 }), rankingOf(itemPopularity, { limit: 0 }), rankingOf(itemPopularity, { limit: 4000 })
    ])

    assert.deepEqual(two, [{ member: 'd', count: 9 }, { member: 'a', count: 1 }])
    assert.deepEqual(none, [])
    assert.equal(all.length, 4)
  })

  readerTest('counts as large as a double holds exactly come back exactly', [popularity({ a: 2 ** 53 - 1, b: 2 ** 53 - 2 })], async reader => {
    const [ranking, counts] = await reader.read([rankingOf(itemPopularity, { limit: 2 }), countsOf(itemPopularity, ['b'])])

    assert.deepEqual(ranking, [{ member: 'a', count: 2 ** 53 - 1 }, { member: 'b', count: 2 ** 53 - 2 }])
    assert.deepEqual(counts, new Map([['b', 2 ** 53 - 2]]))
  })

  readerTest('each owner has a ranking of its own', [together({ a: { x: 3, y: 4 }, b: { x: 9 } })], async reader => {
    const [a, b, c] = await reader.read([
      rankingOf(coVisitation, { owner: 'a', limit: 100 }), rankingOf(coVisitation, { owner: 'b', limit: 100 }), rankingOf(coVisitation, { owner: 'c', limit: 100 })
    ])

    assert.deepEqual([a, b, c], [[{ member: 'y', count: 4 }, { member: 'x', count: 3 }], [{ member: 'x', count: 9 }], []])
  })

  readerTest('of a ranking that is cut the best are there', [
    together({ a: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`i${String(index).padStart(3, '0')}`, 1 + index % 7])) })
  ], async reader => {
    const [ranking] = await reader.read([rankingOf(coVisitation, { owner: 'a', limit: 100 })])

    const expected = Array.from({ length: 300 }, (_, index) => index).sort((a, b) => b % 7 - a % 7 || a - b).slice(0, 100)
    assert.deepEqual(ranking.map(({ member }) => member), expected.map(index => `i${String(index).padStart(3, '0')}`))
  })

  readerTest('counts of members come in the order asked, each once, 0 where there is none', [popularity({ a: 1, b: 2 })], async reader => {
    const [counts, none] = await reader.read([countsOf(itemPopularity, ['b', 'nobody', 'a', 'b']), countsOf(itemPopularity, [])])

    assert.deepEqual([...counts], [['b', 2], ['nobody', 0], ['a', 1]])
    assert.deepEqual([...none], [])
  })

  readerTest('counts of a member of one owner are not those of another', [together({ a: { x: 3 }, b: { x: 9 } })], async reader => {
    const [a, b] = await reader.read([countsOf(coVisitation, ['x', 'y'], { owner: 'a' }), countsOf(coVisitation, ['x'], { owner: 'b' })])

    assert.deepEqual([[...a], [...b]], [[['x', 3], ['y', 0]], [['x', 9]]])
  })

  readerTest('a union counts the members of the rankings before it, in order of first appearance', [
    together({ a: { x: 1, y: 2, z: 3 }, b: { q: 5, y: 4 } }), popularity({ x: 10, y: 20, q: 30, other: 40 }), incoming({ z: 7 })
  ], async reader => {
    const [, , popular, into] = await reader.read([
      rankingOf(coVisitation, { owner: 'a', limit: 100 }), rankingOf(coVisitation, { owner: 'b', limit: 100 }),
      countsOf(itemPopularity, { unionOf: [1, 0] }), countsOf(coVisitationIn, { unionOf: [0, 1] })
    ])

    assert.deepEqual([...popular], [['q', 30], ['y', 20], ['z', 0], ['x', 10]])
    assert.deepEqual([...into], [['z', 7], ['y', 0], ['x', 0], ['q', 0]])
  })

  readerTest('a union takes of each ranking only what its limit lets through', [
    together({ a: { x: 1, y: 2 }, b: { x: 1, z: 3 } }), popularity({ x: 10, y: 20, z: 30, p: 99 })
  ], async reader => {
    const [, , , counts] = await reader.read([
      rankingOf(coVisitation, { owner: 'a', limit: 1 }), rankingOf(coVisitation, { owner: 'b', limit: 2 }),
      rankingOf(itemPopularity, { limit: 1 }), countsOf(itemPopularity, { unionOf: [0, 2] })
    ])

    assert.deepEqual([...counts], [['y', 20], ['p', 99]])
  })

  readerTest('a union of nothing, or of empty rankings, is empty', [popularity({ x: 10 })], async reader => {
    const [, nothing, empty] = await reader.read([
      rankingOf(coVisitation, { owner: 'nobody', limit: 10 }), countsOf(itemPopularity, { unionOf: [] }), countsOf(itemPopularity, { unionOf: [0] })
    ])

    assert.deepEqual([[...nothing], [...empty]], [[], []])
  })

  readerTest('a list has its newest entry first', [{
    kind: 'list',
    store: userHistory,
    values: new Map([
      ['u1', { newest: 3, entries: [{ item_id: 'c', ts: 1_700_000_000_123 }, { item_id: 'a', ts: -1 }, { item_id: 'a', ts: 0 }] }],
      ['u2', { newest: 1, entries: [{ item_id: 'other', ts: 5 }] }]
    ])
  }], async reader => {
    const [entries, none] = await reader.read([entriesOf(userHistory, { user_id: 'u1' }), entriesOf(userHistory, { user_id: 'u3' })])

    assert.deepEqual(entries, [{ item_id: 'c', ts: 1_700_000_000_123 }, { item_id: 'a', ts: -1 }, { item_id: 'a', ts: 0 }])
    assert.deepEqual(none, [])
  })

  readerTest('a list that has lost its oldest entries has the others', [{
    kind: 'list', store: userHistory, values: new Map([['u1', { newest: 30, entries: [{ item_id: 'x30', ts: 30 }, { item_id: 'x29', ts: 29 }] }]])
  }], async reader => {
    const [entries] = await reader.read([entriesOf(userHistory, { user_id: 'u1' })])

    assert.deepEqual(entries.map(({ item_id }) => item_id), ['x30', 'x29'])
  })

  readerTest('a list under two key columns keeps nulls and fractions', [{
    kind: 'list', store: visits, values: new Map([['u1\u0000home', { newest: 2, entries: [{ page: null, seconds: 0.1, data: null }, { page: '', seconds: -1.5, data: '{"a": "é"}' }] }]])
  }], async reader => {
    const [entries] = await reader.read([entriesOf(visits, { user_id: 'u1', site: 'home' })])

    assert.deepEqual(entries, [{ page: null, seconds: 0.1, data: null }, { page: '', seconds: -1.5, data: '{"a": "é"}' }])
  })

  readerTest('a value comes back as it was put; where there is none it is undefined', [
    { kind: 'keyed', store: profiles, values: new Map<string, { version: number, value: unknown }>([['a', { version: 1, value: { name: 'é😀', list: [1, null] } }], ['n', { version: 2, value: null }]]) },
    { kind: 'keyed', store: shelves, values: new Map([['u1\u0000top', { version: 3, value: { items: ['x'] } }]]) }
  ], async reader => {
    const answers = await reader.read([
      valueOf(profiles, { key: 'a' }), valueOf(profiles, { key: 'n' }), valueOf(profiles, { key: 'nobody' }),
      valueOf(shelves, { user_id: 'u1', shelf: 'top' }), valueOf(shelves, { user_id: 'u1', shelf: 'other' })
    ])

    assert.deepEqual(answers, [{ name: 'é😀', list: [1, null] }, null, undefined, { items: ['x'] }, undefined])
  })

  readerTest('keys with quotes, colons, braces, spaces and line ends are told apart', [
    popularity({ '{a}:b': 1, "it's \"x\" \\ \n": 2, 'a b': 3 }),
    together({ 'a:b': { 'c:d': 4 }, a: { 'b:c:d': 5 } })
  ], async reader => {
    const [counts, owned, other] = await reader.read([
      countsOf(itemPopularity, ['{a}:b', "it's \"x\" \\ \n", 'a b']),
      rankingOf(coVisitation, { owner: 'a:b', limit: 9 }), rankingOf(coVisitation, { owner: 'a', limit: 9 })
    ])

    assert.deepEqual([...counts.values()], [1, 2, 3])
    assert.deepEqual([owned, other], [[{ member: 'c:d', count: 4 }], [{ member: 'b:c:d', count: 5 }]])
  })

  readerTest('what no text can be is asked for in vain, not in error', [popularity({ a: 1 })], async reader => {
    const [list, value, ranking, counts] = await reader.read([
      entriesOf(userHistory, { user_id: 'a\u0000b' }), valueOf(profiles, { key: '\ud800' }),
      rankingOf(coVisitation, { owner: '\u0000', limit: 5 }), countsOf(itemPopularity, ['\u0000', 'a'])
    ])

    assert.deepEqual([list, value, ranking, [...counts]], [[], undefined, [], [['\u0000', 0], ['a', 1]]])
  })

  readerTest('a world in which nothing happened answers with nothing', [], async reader => {
    assert.deepEqual(await reader.read([rankingOf(itemPopularity, { limit: 10 }), entriesOf(userHistory, { user_id: 'u' })]), [[], []])
    assert.deepEqual(await reader.read([]), [])
  })
}

export function popularity (counts: Readonly<Record<string, number>>): Change {
  return { kind: 'counter', store: itemPopularity, counts: new Map(Object.entries(counts)) }
}

function incoming (counts: Readonly<Record<string, number>>): Change {
  return { kind: 'counter', store: coVisitationIn, counts: new Map(Object.entries(counts)) }
}

export function together (counts: Readonly<Record<string, Readonly<Record<string, number>>>>): Change {
  return {
    kind: 'counter',
    store: coVisitation,
    counts: new Map(Object.entries(counts).flatMap(([owner, members]) => Object.entries(members).map(([member, count]) => [`${owner}\u0000${member}`, count])))
  }
}
