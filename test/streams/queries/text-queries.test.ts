import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openMemorySource } from '../../../streams/queries/memory-source.ts'
import { openTextQueries, type TextQueries } from '../../../streams/queries/text-queries.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { prices, words } from '../../helpers/queried.ts'
import { openQueriedWorld } from '../../helpers/queried-world.ts'

async function filled (t: TestContext): Promise<TextQueries> {
  const state = openMemoryState()
  const world = await openQueriedWorld(t, { state, source: openMemorySource(state), applicationId: 'test' })
  await world.append(words, 'u1', 'hello', { timestamp: 1_000, partition: 1 })
  await world.append(words, 'u1', 'a/b é', { timestamp: 2_000 })
  await world.append(prices, 'a', 1, { timestamp: 1_000 })
  await world.append(prices, 'a', 2, { timestamp: 2_000 })
  await world.settled()
  return openTextQueries(world.queries)
}

void test('stores are listed with their shapes, and only those that can be read', async t => {
  const { application_id: id, topology, stores } = (await filled(t)).list()

  assert.deepEqual([id, topology], ['test', 'queried'])
  assert.deepEqual(stores.map(({ name, shape, key }) => `${name} ${shape} (${key})`).sort(), [
    'counts key-value (text)', 'last_words keyed (key)', 'minutes window (text)', 'pairs counter (key, word)', 'price-history versioned (text)',
    'recent_words list (key)', 'seen counter (word)', 'visits session (text)', 'word_log rows (key, at)'
  ])
  assert.equal(stores.find(({ name }) => name === 'minutes')?.window_size_ms, 60_000)
})

void test('a key and its row come as texts and JSON, windows by ISO times or milliseconds, versions as of a time', async t => {
  const { ask } = await filled(t)
  const window = { key: 'hello', value: 1, timestamp: 1_000, window: { start: 0, end: 60_000 } }

  assert.deepEqual(await ask('counts', { key: 'a/b é' }), { kind: 'entry', entry: { key: 'a/b é', value: 1, timestamp: 2_000 } })
  assert.deepEqual(await ask('counts', { from: 'b' }), { kind: 'page', page: { entries: [{ key: 'hello', value: 1, timestamp: 1_000 }], cursor: null } })
  assert.deepEqual(await ask('minutes', { key: 'hello', from: '1970-01-01', to: '1970-01-01T00:00:00' }), { kind: 'page', page: { entries: [window], cursor: null } })
  assert.deepEqual(await ask('minutes', { key: 'hello', from: '0', to: '0' }), { kind: 'page', page: { entries: [window], cursor: null } })
  assert.deepEqual(await ask('price-history', { key: 'a', asOf: '1970-01-01T00:00:01.999Z' }), { kind: 'entry', entry: { key: 'a', value: 1, timestamp: 1_000 } })
  assert.deepEqual(await ask('pairs', { key: '["u1","hello"]' }), { kind: 'entry', entry: { key: ['u1', 'hello'], value: 1, timestamp: null } })
  assert.equal((await ask('seen', { key: 'hello', minPosition: 'words:1:0', timeoutMs: 0 })).kind, 'entry')
})

const refusals: readonly [store: string, question: Parameters<TextQueries['ask']>[1], kind: string, sentence: RegExp][] = [
  ['nothing', { key: 'a' }, 'not_found', /^Topology 'queried' has no store 'nothing'; it has /],
  ['counts', { key: 'nothing' }, 'not_found', /^Store 'counts' has no key 'nothing'\.$/],
  ['minutes', { key: 'hello', from: '60000' }, 'not_found', /^Store 'minutes' has no window of key 'hello' in that time\.$/],
  ['price-history', { key: 'a', asOf: '999' }, 'not_found', /^Store 'price-history' has no key 'a' as of 999\.$/],
  ['minutes', { key: 'hello', from: 'yesterday' }, 'refused', /^from is 'yesterday'; give a time in ISO 8601/],
  ['counts', { key: 'hello', asOf: '1' }, 'refused', /keeps no versions/],
  ['counts', { key: 'hello', from: '1' }, 'refused', /has one row for a key/],
  ['counts', { asOf: '1' }, 'refused', /asOf goes with a key/],
  ['counts', { cursor: 'nonsense!' }, 'refused', /is no cursor/],
  ['counts', { key: 'hello', minPosition: 'words' }, 'refused', /give topic:partition:offset/],
  ['seen', { key: 'hello', minPosition: 'words:1:9', timeoutMs: 0 }, 'behind', /has not come to words:1:9 within 0 ms; it stands at offset 2/],
  ['pairs', { key: 'u1' }, 'refused', /JSON array of key, word/],
  ['word_log', { key: '["u1","x"]' }, 'refused', /Column 'at' of store 'word_log' is a number, not "x"/]
]

void test('what cannot be answered is said in a sentence', async t => {
  const { ask } = await filled(t)

  for (const [store, question, kind, sentence] of refusals) {
    const answer = await ask(store, question)
    assert.equal(answer.kind, kind, sentence.source)
    assert.match('message' in answer ? answer.message : '', sentence)
  }
})
