import assert from 'node:assert/strict'
import test from 'node:test'
import { impressionContract } from '../../schemas/impression.ts'
import { LogError } from '../../streams/index.ts'
import { testSettings } from '../helpers/api.ts'
import { EVENT_TIME } from '../helpers/events.ts'
import { openIngest } from '../helpers/ingest.ts'
import { eventOf } from '../helpers/producer.ts'

const answer = { request_id: '0123456789abcdef0123456789abcdef', items: ['i1', 'i2'], model_version: 'rules-v2', strategy: 'co_vis_normalised' }

/** A read API that gives one answer and remembers what it was asked. */
function fakeApi (status = 200, body: unknown = answer) {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async input => {
    asked.push(String(input))
    return Response.json(body, { status })
  }
  return { asked, options: { recoUrl: 'http://api:8000/', fetch } }
}

test('the answer of the read API is passed on, and what it shows is logged under its request id', async t => {
  const { asked, options } = fakeApi()
  const { app, producer } = openIngest(t, options)

  const response = await app.inject('/reco?user_id=u%201&session_id=s1&k=2&exclude=a&exclude=b')

  assert.deepEqual([response.statusCode, response.json()], [200, answer])
  assert.deepEqual(asked, ['http://api:8000/reco?user_id=u+1&session_id=s1&k=2&exclude=a&exclude=b'])
  const { event_id, ...logged } = eventOf(producer.sent[0])
  assert.deepEqual(logged, {
    event_type: 'impression',
    user_id: 'u 1',
    session_id: 's1',
    request_id: answer.request_id,
    ts_ms: EVENT_TIME,
    server_received_ts_ms: EVENT_TIME,
    items: [{ item_id: 'i1', position: 0 }, { item_id: 'i2', position: 1 }]
  })
  assert.equal(impressionContract(testSettings).accepts({ event_id, ...logged }, { timestamp: EVENT_TIME }), true)
  assert.equal(String(producer.sent[0]?.key), 'u 1')
})

test('x_autolog_impressions=false logs nothing, and is not passed on', async t => {
  const { asked, options } = fakeApi()
  const { app, producer } = openIngest(t, options)

  await app.inject('/reco?user_id=u1&session_id=s1&x_autolog_impressions=false')

  assert.deepEqual(asked, ['http://api:8000/reco?user_id=u1&session_id=s1'])
  assert.deepEqual(producer.sent, [])
})

test('the answer comes also when producing fails, or does not end', async t => {
  const { options } = fakeApi()
  const { app, producer } = openIngest(t, options)
  producer.fail = () => new LogError('outage', 'away')
  const stuck = openIngest(t, { ...options, producer: { send: async () => await new Promise(() => {}), close: async () => {} }, queue: { timeoutMs: 500 } })

  assert.deepEqual((await app.inject('/reco?user_id=u1&session_id=s1')).json(), answer)
  assert.deepEqual((await stuck.app.inject('/reco?user_id=u1&session_id=s1')).json(), answer)
})

test('an empty list and an error are passed on, and nothing is logged', async t => {
  const refused = { error: 'invalid_request', message: 'no', details: [] }
  for (const [status, body] of [[200, { ...answer, items: [] }], [400, refused]] as const) {
    const { options } = fakeApi(status, body)
    const { app, producer } = openIngest(t, options)

    const response = await app.inject('/reco?user_id=u1')

    assert.deepEqual([response.statusCode, response.json(), producer.sent], [status, body, []])
  }
})

test('when the read API is away the answer is 502 in the common shape', async t => {
  const { app } = openIngest(t, { recoUrl: 'http://api', fetch: async () => { throw new Error('ECONNREFUSED 10.0.0.1') } })

  const response = await app.inject('/reco?user_id=u1&session_id=s1')

  assert.deepEqual([response.statusCode, response.json().error, response.body.includes('10.0.0.1')], [502, 'bad_gateway', false])
})
