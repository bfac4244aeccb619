import assert from 'node:assert/strict'
import test from 'node:test'
import { LogError } from '../../streams/index.ts'
import { EVENT_TIME, impression, interactionEvent, watch } from '../helpers/events.ts'
import { openIngest, post } from '../helpers/ingest.ts'
import { eventOf } from '../helpers/producer.ts'

test('an event goes to its topic under its user, stamped with the time of receipt', async t => {
  const { app, producer } = openIngest(t)

  const answers = await Promise.all([app.inject(post('/log/impression', impression())), app.inject(post('/log/watch', watch({ user_id: 'ü', server_received_ts_ms: 1 }))), app.inject(post('/event', interactionEvent()))])

  assert.deepEqual(answers.map(answer => [answer.statusCode, answer.json()]), [[200, { status: 'ok' }], [200, { status: 'ok' }], [200, { status: 'accepted', event_id: 'event-001' }]])
  assert.deepEqual(producer.sent.map(({ topic, key, timestamp }) => [topic, String(key), timestamp]), [['reco_impression', 'u1', EVENT_TIME], ['reco_watch', 'ü', EVENT_TIME], ['reco_event', 'u1', EVENT_TIME]])
  assert.deepEqual(producer.sent.map(eventOf), [
    { ...impression(), server_received_ts_ms: EVENT_TIME },
    { ...watch({ user_id: 'ü' }), server_received_ts_ms: EVENT_TIME },
    { ...interactionEvent(), server_received_ts_ms: EVENT_TIME }
  ])
})

test('a missing event id is made up, and told', async t => {
  const { app, producer } = openIngest(t)
  const { event_id, ...nameless } = interactionEvent()

  const answer = (await app.inject(post('/event', nameless))).json()
  await app.inject(post('/log/watch', { ...watch(), event_id: null }))

  assert.match(answer.event_id, /^[0-9a-f-]{36}$/)
  assert.equal(eventOf(producer.sent[0]).event_id, answer.event_id)
  assert.match(String(eventOf(producer.sent[1]).event_id), /^[0-9a-f-]{36}$/)
})

test('every mistake of a body is told at once, and nothing is sent', async t => {
  const { app, producer } = openIngest(t)

  const response = await app.inject(post('/log/watch', { ...watch({ item_id: '', percent_watched: 101, ts_ms: EVENT_TIME + 300_001 }), colour: 'red' }))

  assert.equal(response.statusCode, 422)
  assert.equal(response.json().error, 'invalid_event')
  assert.deepEqual(response.json().details.map(({ path }: { path: string }) => path), ['item_id', 'percent_watched', 'colour', 'ts_ms'])
  assert.deepEqual(producer.sent, [])
})

test('a batch may mix impressions and watches', async t => {
  const { app, producer } = openIngest(t)

  const response = await app.inject(post('/log/batch', { events: [impression(), watch(), { ...watch(), event_id: undefined, event_type: 'watch' }] }))

  assert.deepEqual(response.json(), { status: 'ok', accepted: 3 })
  assert.deepEqual(producer.sent.map(({ topic }) => topic), ['reco_impression', 'reco_watch', 'reco_watch'])
})

test('a batch tells the mistakes of all its events, ids that come twice among them', async t => {
  const { app, producer } = openIngest(t)

  const response = await app.inject(post('/log/batch', { events: [watch(), { ...watch(), item_id: '' }, impression({ items: [] }), 7] }))

  assert.equal(response.statusCode, 422)
  assert.deepEqual(response.json().details.map(({ path }: { path: string }) => path), ['events[1].item_id', 'events[2].items', 'events[3]', 'events[1].event_id'])
  assert.deepEqual(producer.sent, [])
})

test('a batch holds 1 to 1,000 events', async t => {
  const { app } = openIngest(t)
  const events = Array.from({ length: 1001 }, (_, index) => watch({ event_id: `watch-${index}-x` }))

  assert.equal((await app.inject(post('/log/batch', { events: events.slice(1) }))).json().accepted, 1000)
  for (const body of [{ events }, { events: [] }, {}, [], 'null']) assert.equal((await app.inject(post('/log/batch', body))).statusCode, 422)
})

test('bodies that are no JSON object are told apart', async t => {
  const { app } = openIngest(t)

  assert.equal((await app.inject(post('/log/watch', '{"event_id":'))).statusCode, 400)
  assert.equal((await app.inject(post('/log/watch', '[]'))).statusCode, 422)
  assert.equal((await app.inject(post('/log/watch', '"watch"'))).statusCode, 422)
  assert.equal((await app.inject({ ...post('/log/watch', '{}'), headers: { 'content-type': 'text/plain' } })).statusCode, 415)
  assert.equal((await app.inject({ ...post('/log/watch', '{}'), headers: { 'content-type': 'application/xml' } })).statusCode, 415)
  assert.equal((await app.inject(post('/log/watch', JSON.stringify({ user_id: 'x'.repeat(1024 * 1024) })))).statusCode, 413)
  assert.equal((await app.inject('/log/watch')).statusCode, 404)
})

test('every error has the same shape', async t => {
  const { app, producer } = openIngest(t)
  producer.fail = () => new LogError('outage', 'broker 10.0.0.1 is away')

  for (const request of [post('/log/watch', '{'), post('/log/watch', {}), post('/log/watch', watch()), post('/nowhere', {}), { ...post('/event', '{}'), headers: { 'content-type': 'a/b' } }]) {
    const response = await app.inject(request)
    assert.deepEqual(Object.keys(response.json()), ['error', 'message', 'details'])
    assert.equal(response.body.includes('10.0.0.1'), false)
  }
})

test('while Kafka is away it answers 503, and is not ready until a send goes well', async t => {
  const { app, producer } = openIngest(t)
  producer.fail = () => new LogError('outage', 'away')

  assert.equal((await app.inject('/health/ready')).statusCode, 200)
  assert.equal((await app.inject(post('/log/watch', watch()))).statusCode, 503)
  assert.equal((await app.inject('/health/ready')).statusCode, 503)
  assert.equal((await app.inject('/health/live')).statusCode, 200)

  producer.fail = undefined
  assert.equal((await app.inject(post('/log/watch', watch()))).statusCode, 200)
  assert.equal((await app.inject('/health/ready')).statusCode, 200)
})

test('what Kafka will never take fails alone: 413 for its size, 422 else', async t => {
  const { app, producer } = openIngest(t)
  const refuse = (item: string, message: string) => (records: readonly { readonly value: Buffer | null }[]) => {
    const recordIndex = records.findIndex(({ value }) => String(value).includes(item))
    return recordIndex < 0 ? undefined : new LogError('data', message, { recordIndex })
  }

  producer.fail = refuse('bad', 'MESSAGE_TOO_LARGE')
  const [bad, good] = await Promise.all([app.inject(post('/log/watch', watch({ item_id: 'bad' }))), app.inject(post('/log/watch', watch({ item_id: 'good' })))])
  assert.deepEqual([bad.statusCode, good.statusCode], [413, 200])

  producer.fail = refuse('bad', 'INVALID_RECORD')
  const batch = await app.inject(post('/log/batch', { events: [watch({ event_id: 'batch-01' }), watch({ event_id: 'batch-02', item_id: 'bad' })] }))
  assert.deepEqual([batch.statusCode, batch.json().details], [422, [{ path: 'events[1]', message: 'INVALID_RECORD' }]])
  assert.deepEqual(producer.sent.map(record => eventOf(record).item_id), ['good', 'i1'])
})

test("the sender's request id comes back, and a missing or unfit one is made up", async t => {
  const { app } = openIngest(t)
  const idOf = async (id: string) => (await app.inject({ ...post('/log/watch', watch()), headers: { 'content-type': 'application/json', 'x-request-id': id } })).headers['x-request-id']

  assert.equal(await idOf('abc-1'), 'abc-1')
  assert.match(String(await idOf('with space')), /^[0-9a-f-]{36}$/)
  assert.match(String((await app.inject('/health/live')).headers['x-request-id']), /^[0-9a-f-]{36}$/)
})

test('requests are counted for Prometheus', async t => {
  const { app } = openIngest(t)
  await app.inject(post('/log/watch', watch()))

  const { body } = await app.inject('/metrics/prometheus')

  assert.match(body, /reco_ingest_requests_total\{method="POST",endpoint="\/log\/watch",status="200"\} 1/)
  assert.match(body, /reco_ingest_queue_records 0/)
})
