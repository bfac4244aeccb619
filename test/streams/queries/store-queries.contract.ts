import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { QueryError } from '../../../streams/queries/query-error.ts'
import { lastWords, pairs, prices, recentWords, seen, wordLog, words } from '../../helpers/queried.ts'
import type { QueriedWorld } from '../../helpers/queried-world.ts'

const MINUTE = 60_000

/** What every source of store queries promises; `open` gives nothing after skipping the test. */
export function storeQueriesContract (name: string, open: (t: TestContext) => Promise<QueriedWorld | undefined>): void {
  const queryTest = (title: string, check: (world: QueriedWorld) => Promise<void>): void => {
    void test(`${name}: ${title}`, async t => {
      const world = await open(t)
      if (world !== undefined) await check(world)
    })
  }

  queryTest('rows of a table are found by key, and in key order over all partitions', async world => {
    const { queries, counts } = await filled(world)
    const view = queries.store(counts)

    assert.deepEqual(await view.get('hello'), { key: 'hello', value: 3, timestamp: MINUTE + 1_000 })
    assert.equal(await view.get('nothing'), undefined)
    const keys = async (options: Parameters<typeof view.range>[0]) => (await view.range(options)).entries.map(({ key }) => key)
    assert.deepEqual(await keys({}), ['hello', 'hi', 'world', 'Ω'])
    assert.deepEqual(await keys({ from: 'hi', to: 'world' }), ['hi', 'world'])
    assert.deepEqual(await keys({ prefix: 'h' }), ['hello', 'hi'])
    assert.deepEqual(await keys({ prefix: 'Ω' }), ['Ω'])
    assert.deepEqual(await keys({ prefix: 'h', from: 'hi', to: 'z' }), ['hi'])
    await assert.rejects(view.asOf('hello', 0), new QueryError('refused', "Store 'counts' keeps no versions (it is of shape 'key-value'), so it cannot be asked as of a time."))
  })

  queryTest('a range comes in pages, each beginning behind the one before; the last has no cursor', async world => {
    const { queries, counts } = await filled(world)
    const view = queries.store(counts)

    const first = await view.range({ limit: 2 })
    const second = await view.range({ limit: 2, cursor: first.cursor })

    assert.deepEqual([first, second].map(({ entries }) => entries.map(({ key }) => key)), [['hello', 'hi'], ['world', 'Ω']])
    assert.notEqual(first.cursor, undefined)
    assert.equal(second.cursor, undefined)
    await assert.rejects(view.range({ limit: 0 }), /A page has 1 to 1000 entries; 0 were asked for/)
    await assert.rejects(view.range({ cursor: '!' }), /'!' is no cursor/)
  })

  queryTest('a key that two partitions have is answered once, as last changed', async world => {
    await world.append(prices, 'both', 2, { timestamp: 20, partition: 1 })
    await world.append(prices, 'both', 1, { timestamp: 10, partition: 0 })
    await world.settled()
    const view = world.queries.store(world.history)

    assert.deepEqual(await view.get('both'), { key: 'both', value: 2, timestamp: 20 })
    assert.deepEqual((await view.range()).entries, [{ key: 'both', value: 2, timestamp: 20 }])
  })

  queryTest('windows of a key are found by when they start, and one by itself', async world => {
    const { queries, minutes } = await filled(world)
    const view = queries.store(minutes)
    const first = { key: 'hello', value: 2, timestamp: 1_000, window: { start: 0, end: MINUTE } }
    const second = { key: 'hello', value: 1, timestamp: MINUTE + 1_000, window: { start: MINUTE, end: 2 * MINUTE } }

    assert.deepEqual((await view.windows('hello')).entries, [first, second])
    assert.deepEqual((await view.windows('hello', { from: 1, to: MINUTE })).entries, [second])
    assert.deepEqual((await view.windows('hello', { to: MINUTE - 1 })).entries, [first])
    const page = await view.windows('hello', { limit: 1 })
    assert.deepEqual([page.entries, (await view.windows('hello', { limit: 1, cursor: page.cursor })).entries], [[first], [second]])
    assert.deepEqual(await view.get({ key: 'hello', window: { start: 0, end: MINUTE } }), first)
    assert.deepEqual((await view.windows('nothing')).entries, [])
    assert.deepEqual((await view.range({ prefix: 'h', to: 'hello' })).entries, [first, second])
  })

  queryTest('a window behind its retention is gone, whether or not its row has been removed', async world => {
    await world.append(words, 'u1', 'hello', { timestamp: 0 })
    await world.append(words, 'u1', 'hello', { timestamp: 10 * MINUTE - 1 })
    await world.settled()
    const starts = async () => (await world.queries.store(world.minutes).windows('hello')).entries.map(({ window }) => window.start)
    assert.deepEqual(await starts(), [0, 9 * MINUTE])

    await world.append(words, 'u1', 'hello', { timestamp: 10 * MINUTE })
    await world.settled()

    assert.deepEqual(await starts(), [9 * MINUTE, 10 * MINUTE])
    assert.equal(await world.queries.store(world.minutes).get({ key: 'hello', window: { start: 0, end: MINUTE } }), undefined)
  })

  queryTest('sessions of a key are found where they overlap the time that is asked for', async world => {
    const { queries, visits } = await filled(world)
    const view = queries.store(visits)
    const sessions = async (options = {}) => (await view.windows('u1', options)).entries.map(({ value, window: { start, end } }) => [start, end, value])

    assert.deepEqual(await sessions(), [[0, 500, 2], [61_000, 61_000, 1], [200_000, 200_000, 1]])
    assert.deepEqual(await sessions({ from: 500, to: 61_000 }), [[0, 500, 2], [61_000, 61_000, 1]])
    assert.deepEqual(await sessions({ from: 501, to: 60_999 }), [])
    assert.equal((await view.get({ key: 'u1', window: { start: 0, end: 500 } }))?.value, 2)
    assert.equal(await view.get({ key: 'u1', window: { start: 0, end: 499 } }), undefined)
  })

  queryTest('a table with versions is asked as of a time, as far back as its history goes', async world => {
    await world.append(prices, 'a', 1, { timestamp: 1_000 })
    await world.append(prices, 'a', 3, { timestamp: 3_000 })
    await world.append(prices, 'a', 2, { timestamp: 2_000 })
    await world.append(prices, 'a', null, { timestamp: 4_000 })
    await world.append(prices, 'a', 5, { timestamp: 5_000 })
    await world.append(prices, 'ab', 9, { timestamp: 1_000 })
    await world.settled()
    const view = world.queries.store(world.history)
    const asOf = async (time: number) => (await view.asOf('a', time))?.value

    assert.deepEqual(await Promise.all([999, 1_000, 1_999, 2_000, 3_500, 4_000, 4_999, 5_000, 9_000].map(asOf)), [undefined, 1, 1, 2, 3, undefined, undefined, 5, 5])
    assert.deepEqual(await view.asOf('a', 2_500), { key: 'a', value: 2, timestamp: 2_000 })
    assert.deepEqual((await view.range({ prefix: 'a' })).entries, [{ key: 'a', value: 5, timestamp: 5_000 }, { key: 'ab', value: 9, timestamp: 1_000 }])

    await world.append(prices, 'a', 6, { timestamp: 3_602_500 })
    await world.settled()
    assert.deepEqual(await Promise.all([2_499, 2_500].map(asOf)), [undefined, 2])
  })

  queryTest('declared stores are found by their key columns, and in ranges of their first ones', async world => {
    const { queries: { store } } = await filled(world)

    assert.deepEqual(await store(seen).get({ word: 'hello' }), { key: { word: 'hello' }, value: 3 })
    assert.equal(await store(seen).get({ word: 'nothing' }), undefined)
    assert.deepEqual((await store(seen).range({ prefix: 'h' })).entries.map(({ key: { word } }) => word), ['hello', 'hi'])
    assert.deepEqual(await store(pairs).get({ key: 'u1', word: 'hello' }), { key: { key: 'u1', word: 'hello' }, value: 2 })
    assert.deepEqual((await store(pairs).range({ from: { key: 'u1' }, to: { key: 'u1' } })).entries.map(({ key: { word }, value }) => [word, value]), [['hello', 2], ['world', 1], ['Ω', 1]])
    assert.deepEqual(await store(lastWords).get({ key: 'u2' }), { key: { key: 'u2' }, value: { word: 'hello' } })
    assert.deepEqual((await store(lastWords).range()).entries.map(({ key, value }) => [key.key, value.word]), [['u1', 'Ω'], ['u2', 'hello'], ['u3', 'hi']])
    assert.deepEqual((await store(recentWords).get({ key: 'u1' }))?.value, [{ word: 'Ω', at: 200_000 }, { word: 'hello', at: 61_000 }, { word: 'world', at: 500 }])
    assert.deepEqual((await store(recentWords).range({ from: { key: 'u2' } })).entries.map(({ value: [newest] }) => newest?.word), ['hello', 'hi'])
    assert.deepEqual(await store(wordLog).get({ key: 'u1', at: 500 }), { key: { key: 'u1', at: 500 }, value: { key: 'u1', at: 500, word: 'world' } })
    assert.deepEqual((await store(wordLog).range({ from: { key: 'u1', at: 400 }, to: { key: 'u1', at: 61_000 } })).entries.map(({ value: { word } }) => word), ['world', 'hello'])

    const first = await store(pairs).range({ limit: 2 })
    const second = await store(pairs).range({ limit: 10, cursor: first.cursor })
    assert.deepEqual([first.entries.length, second.entries.length, second.cursor], [2, 3, undefined])
  })

  queryTest('what no stored text can hold is not there, and asking for it is no error', async world => {
    const { queries: { store } } = await filled(world)

    assert.equal(await store(seen).get({ word: 'a\u0000b' }), undefined)
    assert.equal(await store(seen).get({ word: '\ud800' }), undefined)
    assert.equal(await store(world.counts).get('a\u0000b'), undefined)
    assert.equal(await store(world.minutes).get({ key: '\u0000', window: { start: 0, end: MINUTE } }), undefined)
  })

  queryTest('an answer can be asked to have a record in it: it waits for that, and says how far it is when it does not come', async world => {
    const view = world.queries.store(lastWords)
    await world.append(words, 'u1', 'first', { timestamp: 0, partition: 1 })
    const asked = view.get({ key: 'u1' }, { minPosition: { topic: 'words', partition: 1, offset: 1 }, timeoutMs: 20_000 })
    await world.append(words, 'u1', 'second', { timestamp: 0, partition: 1 })

    assert.equal((await asked)?.value.word, 'second')
    await assert.rejects(view.range({ minPosition: { topic: 'words', partition: 1, offset: 7 }, timeoutMs: 30 }), (error: unknown) =>
      error instanceof QueryError && error.kind === 'behind' && /has not come to words:1:7 within 30 ms; it stands at offset 2/.test(error.message))
    await assert.rejects(view.get({ key: 'u1' }, { minPosition: { topic: 'prices', partition: 1, offset: 7 } }), /Store 'last_words' is fed by words; a position in 'prices' says nothing about it/)
  })
}

async function filled (world: QueriedWorld): Promise<QueriedWorld> {
  const records: [key: string, word: string, timestamp: number][] = [
    ['u1', 'hello', 0], ['u2', 'hello', 1_000], ['u1', 'world', 500], ['u1', 'hello', MINUTE + 1_000], ['u3', 'hi', MINUTE + 1_500], ['u1', 'Ω', 200_000]
  ]
  for (const [key, word, timestamp] of records) {
    await world.append(words, key, word, { timestamp })
    await world.settled()
  }
  return world
}
