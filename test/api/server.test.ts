import assert from 'node:assert/strict'
import test from 'node:test'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import { openApi, testSettings } from '../helpers/api.ts'
import { failingReader, fakeReader } from '../helpers/state.ts'

const state = {
  lists: { user_history: { u1: [{ item_id: 'a', ts: 2 }, { item_id: 'b', ts: 1 }] } },
  counters: { item_popularity: { a: 10, b: 5, c: 7, d: 3 } },
  rankings: { co_visitation: { a: { d: 2, b: 1 }, b: { c: 9 } } }
}

test('/recommend gives what is related to the newest item, then what is popular, without the history', async t => {
  const answer = (await openApi(t, { state }).inject('/recommend?user_id=u1')).json()

  assert.deepEqual(answer, { user_id: 'u1', items: ['d', 'c'], reason: { type: 'hybrid', sources: ['co_visitation', 'trending'] } })
})

test('/recommend gives 10 items by default and k when asked', async t => {
  const popularity = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`i${index}`, 30 - index]))
  const app = openApi(t, { state: { counters: { item_popularity: popularity } } })

  assert.equal((await app.inject('/recommend?user_id=u1')).json().items.length, 10)
  assert.equal((await app.inject('/recommend?user_id=u1&k=25')).json().items.length, 25)
  assert.equal((await app.inject('/recommend?user_id=u1&k=201')).statusCode, 400)
})

test("/users/{user_id}/history is the user's, newest first", async t => {
  const app = openApi(t, { state })

  assert.deepEqual((await app.inject('/users/u1/history')).json(), { user_id: 'u1', items: [{ item_id: 'a', ts: 2 }, { item_id: 'b', ts: 1 }] })
  assert.deepEqual((await app.inject(`/users/${'%C3%A9'.repeat(128)}/history`)).json().items, [])
})

test('/contract states the targets and the limits as they are configured', async t => {
  const app = openApi(t, { options: { settings: { ...testSettings, CONTRACT_MAX_EVENT_FUTURE_MS: 1, CONTRACT_MAX_EVENT_AGE_MS: 2 } } })

  assert.deepEqual((await app.inject('/contract')).json(), {
    kpi_targets: { ctr_at_20: '>= 8%', avg_watch_time_sec: '>= 35', catalog_coverage_at_20: '>= 60%' },
    sla_targets: { reco_p95_ms: 120, reco_p99_ms: 200, api_error_rate_pct: 1 },
    event_contract: { max_event_future_ms: 1, max_event_age_ms: 2, max_batch_size: 1000 }
  })
})

test('/metrics/reco counts answers of /reco alone, by class', async t => {
  const features = openRecoFeatures({ projection: undefined, postgres: failingReader() })
  const broken = openApi(t, { readers: { features } })
  const app = openApi(t, { state })

  await app.inject('/contract')
  assert.deepEqual((await app.inject('/metrics/reco')).json().latency_ms, { p50: null, p95: null, p99: null })
  await app.inject('/reco?user_id=u1&session_id=s')
  await app.inject('/reco')
  await broken.inject('/reco?user_id=u1&session_id=s')

  const metrics = (await app.inject('/metrics/reco')).json()
  assert.deepEqual([metrics.window_sec, metrics.sample_size, metrics.status_counts, metrics.error_rate_pct], [3600, 2, { '2xx': 1, '4xx': 1, '5xx': 0 }, 0])
  assert.deepEqual(metrics.sla, { target_p95_ms: 120, target_p99_ms: 200, p95_met: true, p99_met: true })
  assert.equal((await broken.inject('/metrics/reco')).json().error_rate_pct, 100)
})

test('/analytics/baseline covers 7 days unless told otherwise, 30 at most', async t => {
  const app = openApi(t)

  assert.equal((await app.inject('/analytics/baseline')).json().metrics.window_days, 7)
  assert.equal((await app.inject('/analytics/baseline?days=30')).json().metrics.window_days, 30)
  assert.equal((await app.inject('/analytics/baseline?days=31')).statusCode, 400)
  assert.equal((await app.inject('/analytics/baseline?days=0')).statusCode, 400)
})

test('/stream/worker shows what the workers report', async t => {
  const report = {
    processed_count: 5,
    dlq_count: 1,
    last_consumer_lag_ms: 2,
    last_event_to_feature_latency_ms: null,
    last_processed_at_ms: 9,
    watch_feature_updates: 3,
    watch_duplicates: 1,
    history_size: 20,
    auto_offset_reset: 'earliest',
    mode: 'embedded'
  } as const
  const app = openApi(t, { readers: { workers: { current: async () => report } } })

  assert.deepEqual((await app.inject('/stream/worker')).json(), {
    enabled: true,
    is_running: true,
    mode: 'embedded',
    group_id: 'reco-stream-worker-v1',
    topics: { impression: 'reco_impression', watch: 'reco_watch', event: 'reco_event', dlq: 'reco_events_dlq' },
    auto_offset_reset: 'earliest',
    processed_count: 5,
    dlq_count: 1,
    runtime: { last_consumer_lag_ms: 2, last_event_to_feature_latency_ms: null, last_processed_at_ms: 9 },
    feature_loop: { watch_feature_updates: 3, watch_duplicates: 1, history_size: 20 }
  })
})

test('/stream/worker says so when no worker runs', async t => {
  const answer = (await openApi(t).inject('/stream/worker')).json()

  assert.deepEqual([answer.enabled, answer.is_running, answer.mode, answer.processed_count], [false, false, 'external', 0])
})

test('/metrics/prometheus counts requests and their latency, each server for itself', async t => {
  const app = openApi(t, { state })
  await app.inject('/reco?user_id=u1&session_id=s')

  const metrics = await app.inject('/metrics/prometheus')

  assert.match(String(metrics.headers['content-type']), /^text\/plain/)
  assert.match(metrics.body, /reco_api_requests_total\{method="GET",endpoint="\/reco",status="200"\} 1/)
  assert.match(metrics.body, /reco_api_latency_ms_count\{endpoint="\/reco"\} 1/)
  assert.doesNotMatch((await openApi(t).inject('/metrics/prometheus')).body, /endpoint="\/reco"/)
})

test('the process is live whether or not it is ready', async t => {
  for (const [ready, status] of [[true, 200], [false, 503], ['The schema does not exist yet.', 503]] as const) {
    const app = openApi(t, { readers: { ready: async () => ready } })

    assert.equal((await app.inject('/health/live')).statusCode, 200)
    assert.equal((await app.inject('/health/ready')).statusCode, status)
  }
  const failing = await openApi(t, { readers: { ready: async () => { throw new Error('secret') } } }).inject('/health/ready')
  assert.deepEqual([failing.statusCode, failing.body.includes('secret')], [503, false])
})

test('every error has the same shape', async t => {
  const app = openApi(t, { state, readers: { workers: { current: async () => { throw new Error('secret of the inside') } } } })
  const cases: readonly [method: 'GET' | 'POST', url: string, status: number, error: string][] = [
    ['GET', '/nowhere', 404, 'not_found'], ['POST', '/reco', 404, 'not_found'], ['GET', '/reco', 400, 'invalid_request'],
    ['GET', '/%zz', 400, 'bad_request'], ['GET', '/stream/worker', 500, 'internal']
  ]

  for (const [method, url, status, error] of cases) {
    const response = await app.inject({ method, url })
    const answer = response.json()
    assert.deepEqual([response.statusCode, answer.error, Object.keys(answer)], [status, error, ['error', 'message', 'details']])
    assert.equal(response.body.includes('secret'), false)
  }
})

test('the API describes itself, and has no way in for writing', async t => {
  const app = openApi(t, { state: {} })

  const { openapi, paths } = (await app.inject('/openapi.json')).json()

  assert.equal(openapi, '3.1.0')
  assert.deepEqual(Object.keys(paths).toSorted(), [
    '/analytics/baseline', '/contract', '/downloads', '/downloads/stats', '/downloads/{media_id}', '/health/live', '/health/ready', '/metrics/prometheus', '/metrics/reco', '/reco', '/recommend', '/stores', '/stores/{name}', '/stores/{name}/{key}', '/stream/worker', '/users/{user_id}/history'
  ])
  assert.equal(Object.values(paths).every(path => Object.keys(path ?? {}).join() === 'get'), true)
  assert.equal((await app.inject('/docs/')).statusCode, 200)
})

test('GET / is a page that runs by itself', async t => {
  const response = await openApi(t).inject('/')

  assert.match(String(response.headers['content-type']), /^text\/html/)
  assert.match(response.body, /<form id="ask">/)
  assert.doesNotMatch(response.body, /https?:\/\//)
})

test('a reader is asked for as many popular items as an answer may need, in a power of two', async t => {
  const asked = async (k: number) => {
    const reader = fakeReader(state)
    const app = openApi(t, { readers: { features: openRecoFeatures({ projection: undefined, postgres: reader }) } })
    await app.inject(`/reco?user_id=u1&session_id=s&k=${k}&exclude=x`)
    return reader.looks[0]?.map(question => question.kind === 'ranking' ? question.limit : undefined)
  }

  assert.deepEqual(await asked(5), [undefined, 64])
  assert.deepEqual(await asked(100), [undefined, 128])
})
