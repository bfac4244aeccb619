import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { millrace } from '../helpers/millrace.ts'
import { caughtUp, produce, readTables, readTopic, startWorker, workerEnvironment } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'

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

integrationTest('a dead letter that is replayed and fails again is the same one: it keeps its error id and counts, and the mended one passes', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 1)
  const applicationId = freshApplicationId(t, services)
  const ts = Date.now()
  const watch = { event_id: 'watch-01', user_id: 'user-1', session_id: 's', request_id: 'r', ts_ms: ts, item_id: 7, watch_time_sec: 130 }
  await produce(services, [{ topic: topics.watch, partition: 0, offset: 0, timestamp: ts, key: 'user-1', value: Buffer.from(JSON.stringify(watch)) }])
  const worker = startWorker(t, workerEnvironment(services, applicationId, topics))
  await caughtUp(services, applicationId, topics, worker)
  const environment = { TOPIC_WATCH: topics.watch, TOPIC_IMPRESSION: topics.impression, TOPIC_EVENT: topics.event, TOPIC_DLQ: topics.dlq }
  const dlq = async (command: string, ...args: string[]) => await millrace({ ...services, environment: { ...environment, VISUAL: "sed -i 's/: 7,/: \"7\",/'" } }, 'dlq', command, ...args, '--topic', topics.dlq)

  const shown = await dlq('show', '0:0')
  const replayed = await dlq('replay')
  await until('the replayed record is a dead letter again', async () => (await readTopic(services, topics.dlq)).length === 2)
  const again = JSON.parse((await dlq('show', '0:1', '--json')).stdout)
  const mended = await dlq('edit', '0:1', '--topology', 'recommender')
  await caughtUp(services, applicationId, topics, worker)

  match(shown.stdout, /▶ {3}"item_id": 7, {3}← .+/)
  equal(replayed.stderr, `Sent 1 dead letter: 1 to '${topics.watch}'.\n`)
  deepEqual([again.origin.offset, again.errorId, again.replayCount, again.family], [1, `${applicationId}/${topics.watch}-0@0`, 1, 'millrace'])
  equal(mended.stderr, `Sent 1 dead letter: 1 to '${topics.watch}'.\n`)
  equal((await readTopic(services, topics.dlq)).length, 2)
  deepEqual((await readTables(services, applicationId)).watches.map(({ item_id: item }) => item), ['7'])
  equal(await worker.stop(), 0)
})
