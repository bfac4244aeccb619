import assert from 'node:assert/strict'
import test from 'node:test'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import { openApi } from '../helpers/api.ts'
import { failingReader, fakeReader } from '../helpers/state.ts'

const state = {
  lists: { user_history: { u1: [{ item_id: 'a', ts: 2 }, { item_id: 'b', ts: 1 }] } },
  counters: { item_popularity: { a: 10, b: 5, c: 7, d: 3, e: 1 }, co_visitation_out: { a: 3, b: 2 }, co_visitation_in: { c: 2, d: 3, a: 1 } },
  rankings: { co_visitation: { a: { c: 2, d: 1 }, b: { d: 2, a: 1 } } }
}

function itemsOf (response: { readonly body: string }): readonly string[] {
  const { items } = JSON.parse(response.body)
  return items
}

test('it answers by rules-v2 unless told otherwise, with a request id of its own each time', async t => {
  const app = openApi(t, { state })

  const first = (await app.inject('/reco?user_id=u1&session_id=s1')).json()
  const second = (await app.inject('/reco?user_id=u1&session_id=s1')).json()

  assert.match(first.request_id, /^[0-9a-f]{32}$/)
  assert.notEqual(first.request_id, second.request_id)
  assert.deepEqual({ ...first, request_id: '' }, { request_id: '', items: ['d', 'c', 'e'], model_version: 'rules-v2', strategy: 'co_vis_normalised' })
})

test('rules-v1 names itself and its strategy', async t => {
  const app = openApi(t, { state })

  const answer = (await app.inject('/reco?user_id=u1&session_id=s1&strategy=rules-v1')).json()

  assert.deepEqual([answer.items, answer.model_version, answer.strategy], [['c', 'd', 'e'], 'rules-v1', 'co_vis_popularity_hybrid'])
})

test('an unknown user gets what is popular, and an empty system answers with an empty list', async t => {
  assert.deepEqual(itemsOf(await openApi(t, { state }).inject('/reco?user_id=nobody&session_id=s1&k=2')), ['a', 'c'])
  assert.deepEqual(itemsOf(await openApi(t).inject('/reco?user_id=nobody&session_id=s1')), [])
})

test('excluded items are left out, given once or many times', async t => {
  const app = openApi(t, { state })

  assert.deepEqual(itemsOf(await app.inject('/reco?user_id=u1&session_id=s1&exclude=d')), ['c', 'e'])
  assert.deepEqual(itemsOf(await app.inject('/reco?user_id=u1&session_id=s1&exclude=d&exclude=c')), ['e'])
})

test('500 excluded items of the greatest length are taken, 501 are not', async t => {
  const app = openApi(t, { state })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const url = (count: number) => `${address}/reco?user_id=u1&session_id=s1${`&exclude=${'%C3%A9'.repeat(128)}`.repeat(count)}`

  assert.equal((await fetch(url(500))).status, 200)
  assert.equal((await fetch(url(501))).status, 400)
})

test('seed items stand in for the history, the first as the newest', async t => {
  const app = openApi(t, { state })

  const answer = (await app.inject('/reco?user_id=u1&session_id=s1&seed_item=b&seed_item=zz&explain=true&k=3')).json()

  assert.deepEqual(answer.items, ['d', 'a', 'c'])
  assert.deepEqual(answer.explanations.map(({ because }: { because: string[] }) => because), [['b'], ['b'], []])
})

test('exclude_seen=none lets items of the history come again', async t => {
  const app = openApi(t, { state })

  assert.deepEqual(itemsOf(await app.inject('/reco?user_id=u1&session_id=s1&exclude_seen=none&k=10')).toSorted(), ['a', 'b', 'c', 'd', 'e'])
})

test('an explanation names the items that led there, and its parts make the score', async t => {
  const app = openApi(t, { state })

  for (const strategy of ['rules-v1', 'rules-v2']) {
    const { items, explanations } = (await app.inject(`/reco?user_id=u1&session_id=s1&explain=true&strategy=${strategy}`)).json()

    assert.deepEqual(explanations.map(({ item_id }: { item_id: string }) => item_id), items)
    for (const { item_id, score, co_visitation, popularity, because } of explanations) {
      assert.equal(score, co_visitation + popularity)
      assert.deepEqual(because, { d: ['a', 'b'], c: ['a'], e: [] }[String(item_id)])
    }
  }
})

test('all mistakes of a query are named at once, and unknown parameters are ignored', async t => {
  const app = openApi(t, { state })

  const refused = await app.inject('/reco?k=201&strategy=best&exclude_seen=all&explain=maybe&colour=red')

  assert.equal(refused.statusCode, 400)
  assert.equal(refused.json().error, 'invalid_request')
  assert.deepEqual(refused.json().details.map(({ path }: { path: string }) => path).toSorted(), ['exclude_seen', 'explain', 'k', 'session_id', 'strategy', 'user_id'])
})

for (const query of ['user_id=%00&session_id=s', 'user_id=u&session_id=', `user_id=${'x'.repeat(129)}&session_id=s`, 'user_id=u&user_id=v&session_id=s', 'user_id=u&session_id=s&k=0', 'user_id=u&session_id=s&k=1.5', 'user_id=u&session_id=s&k=']) {
  test(`a query is refused: ${query.slice(0, 40)}`, async t => {
    assert.equal((await openApi(t, { state }).inject(`/reco?${query}`)).statusCode, 400)
  })
}

test('when the projection does not answer, Postgres does, and the answer says so', async t => {
  const features = openRecoFeatures({ projection: failingReader(), postgres: fakeReader(state) })

  const answer = (await openApi(t, { readers: { features } }).inject('/reco?user_id=u1&session_id=s1')).json()

  assert.deepEqual([answer.items, answer.degraded], [['d', 'c', 'e'], true])
})

test('before there is a schema the answer is empty and degraded', async t => {
  const features = openRecoFeatures({ projection: failingReader(), postgres: failingReader(Object.assign(new Error('no table'), { code: '42P01' })) })

  const answer = (await openApi(t, { readers: { features } }).inject('/reco?user_id=u1&session_id=s1')).json()

  assert.deepEqual([answer.items, answer.degraded], [[], true])
})

test('when nothing answers it is an outage, which tells nothing about the inside', async t => {
  const features = openRecoFeatures({ projection: failingReader(), postgres: failingReader(new Error('password of db-7 refused')) })

  const response = await openApi(t, { readers: { features } }).inject('/reco?user_id=u1&session_id=s1')

  assert.equal(response.statusCode, 503)
  assert.equal(response.body.includes('db-7'), false)
})

test('it looks at most twice, and once when there is no history', async t => {
  const reader = fakeReader(state)
  const app = openApi(t, { readers: { features: openRecoFeatures({ projection: reader, postgres: failingReader() }) } })

  await app.inject('/reco?user_id=u1&session_id=s1')
  assert.equal(reader.looks.length, 2)
  await app.inject('/reco?user_id=nobody&session_id=s1')
  assert.equal(reader.looks.length, 3)
})
