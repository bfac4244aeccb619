import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreAnswer, StoreQuestion, StoresReader } from '../../api/stores.ts'
import { CrowdedError } from '../../stores/turnstile.ts'
import { openApi } from '../helpers/api.ts'

const listing = { application_id: 'app', topology: 'queried', stores: [{ name: 'counts', shape: 'window', key: 'text', window_size_ms: 60_000 }] }
const entry = { key: ['a', 1], value: { deep: [null, 'x'] }, timestamp: null, window: { start: 0, end: 1 } }

/** Answers everything with the same, and notes what it was asked. */
function readerOf (answer: StoreAnswer | Error): StoresReader & { readonly asked: (readonly [string, StoreQuestion])[] } {
  const asked: (readonly [string, StoreQuestion])[] = []
  return {
    asked,
    list: () => listing,
    ask: async (store, question) => {
      asked.push([store, { ...question }])
      if (answer instanceof Error) throw answer
      return answer
    }
  }
}

void test('/stores says which there are', async t => {
  assert.deepEqual((await openApi(t, { readers: { stores: readerOf({ kind: 'entry', entry }) } }).inject('/stores')).json(), listing)
})

void test('/stores/{name}/{key} hands the decoded key and the options on, and answers with the row as it is', async t => {
  const stores = readerOf({ kind: 'entry', entry })
  const answer = await openApi(t, { readers: { stores } }).inject('/stores/counts/a%2Fb%20%C3%A9?from=0&to=2026-01-01&limit=5&minPosition=words:0:1&timeoutMs=0')

  assert.deepEqual([answer.statusCode, answer.json()], [200, entry])
  assert.deepEqual(stores.asked, [['counts', { key: 'a/b é', from: '0', to: '2026-01-01', limit: 5, minPosition: 'words:0:1', timeoutMs: 0 }]])
})

void test('/stores/{name} answers with a page', async t => {
  const stores = readerOf({ kind: 'page', page: { entries: [entry], cursor: 'next' } })
  const answer = await openApi(t, { readers: { stores } }).inject('/stores/counts?prefix=h&cursor=abc')

  assert.deepEqual([answer.statusCode, answer.json()], [200, { entries: [entry], cursor: 'next' }])
  assert.deepEqual(stores.asked, [['counts', { prefix: 'h', cursor: 'abc' }]])
})

void test('what has no answer has a status and a sentence', async t => {
  const schemaMissing = Object.assign(new Error('no such table'), { code: '42P01' })
  const cases: [StoreAnswer | Error, number, string, RegExp][] = [
    [{ kind: 'not_found', message: 'There is no key.' }, 404, 'not_found', /^There is no key\.$/],
    [{ kind: 'refused', message: 'It cannot.' }, 400, 'invalid_request', /^It cannot\.$/],
    [{ kind: 'behind', message: 'Not yet.' }, 503, 'behind', /^Not yet\.$/],
    [schemaMissing, 503, 'unavailable', /start its worker/],
    [new CrowdedError('full'), 503, 'unavailable', /Too many ask/],
    [new Error('anything'), 500, 'internal', /not through you/]
  ]
  for (const [given, status, error, sentence] of cases) {
    const answer = await openApi(t, { readers: { stores: readerOf(given) } }).inject('/stores/counts/a')
    assert.deepEqual([answer.statusCode, answer.json().error], [status, error])
    assert.match(answer.json().message, sentence)
  }
})

void test('an option that there is not, or of the wrong kind, is refused', async t => {
  const app = openApi(t, { readers: { stores: readerOf({ kind: 'entry', entry }) } })

  for (const path of ['/stores/counts?asOf=1', '/stores/counts/a?prefix=a', '/stores/counts?limit=0', '/stores/counts?limit=1001', '/stores/counts/a?timeoutMs=60000']) assert.equal((await app.inject(path)).statusCode, 400, path)
})
