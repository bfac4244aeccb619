import { deepEqual, equal, ok } from 'node:assert/strict'
import { caughtUp, produce, readTopic, startWorker, workerEnvironment } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'

integrationTest('a dead letter keeps key, timestamp and text, says what was wrong, and can be read by the tools of others', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 1)
  const applicationId = freshApplicationId(t, services)
  const now = Date.now()
  const values = [Buffer.from([0xff, 0xfe, 0x41]), Buffer.from('{"not json'), Buffer.from('{"event_id":"watch-01"}'), null]
  await produce(services, values.map((value, offset) => ({ topic: topics.watch, partition: 0, offset, timestamp: now - 1_000 + offset, key: 'user-1', value })))

  const worker = startWorker(t, workerEnvironment(services, applicationId, topics))
  await caughtUp(services, applicationId, topics, worker)
  const letters = await readTopic(services, topics.dlq)

  const envelopes = letters.map(({ value }) => JSON.parse(String(value)))
  deepEqual(envelopes.map(({ error_type: type }) => type), ['decode', 'json', 'schema', 'decode'])
  deepEqual(letters.map(({ key, timestamp }) => [String(key), timestamp]), values.map((_, offset) => ['user-1', now - 1_000 + offset]))
  const [broken, , incomplete] = envelopes
  equal(broken.payload_base64, '//5B')
  equal(incomplete.payload, '{"event_id":"watch-01"}')
  equal(incomplete.source_topic, topics.watch)
  equal(incomplete.source_key, 'user-1')
  ok(incomplete.error_message.includes('user_id'))
  ok(incomplete.failed_at_ms >= now - 1_000)

  const headers = new Map(letters[2]?.headers)
  const text = (name: string): string => String(headers.get(name))
  equal(text('__dlq.errors.topic'), topics.watch)
  equal(text('__dlq.errors.offset'), '2')
  equal(text('__dlq.errors.group'), applicationId)
  equal(text('__streams.errors.partition'), '0')
  equal(text('__millrace.errors.type'), 'schema')
  equal(text('__millrace.errors.node'), 'check-watch')
  equal(headers.get('kafka_dlt-original-partition')?.readInt32BE(), 0)
  equal(headers.get('kafka_dlt-original-offset')?.readBigInt64BE(), 2n)
  equal(text('millrace-source'), `${applicationId}/watches/0/${topics.watch}-0@2#0`)
  equal(await worker.stop(), 0)
})
