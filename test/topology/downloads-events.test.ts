import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDriver } from '../../streams/testing.ts'
import { downloadsEvents } from '../../topology/downloads-events.ts'
import { downloadsTopics } from '../../topology/downloads-topics.ts'

const topics = downloadsTopics({ DOWNLOADS_TOPIC_PREFIX: 'xact' })
const event = { trace_id: 't1', event_type: 'status', event_subtype: 'documents', timestamp: '2026-01-01T00:00:00Z', assignment_id: 'A1', vendor: 'v' }

void test('an event becomes one pending task per file, keyed by its id', async t => {
  const driver = createTestDriver(downloadsEvents)
  t.after(driver.close)

  await driver.topic(topics.events).pipe('anything', { ...event, attachments: ['https://a.example/1.pdf', 'https://a.example/2'] })

  const tasks = await driver.output(topics.pending).readAll()
  deepEqual(tasks.map(({ key, value }) => [key, pick(value, ['media_id', 'attachment_url', 'file_type', 'retry_count', 'vendor'])]), [
    ['f96c43f5-0d0a-5817-a382-f429ea38ed97', { media_id: 'f96c43f5-0d0a-5817-a382-f429ea38ed97', attachment_url: 'https://a.example/1.pdf', file_type: 'pdf', retry_count: 0, vendor: 'v' }],
    ['9455a1e4-f917-513d-bc07-55276b72d681', { media_id: '9455a1e4-f917-513d-bc07-55276b72d681', attachment_url: 'https://a.example/2', file_type: 'bin', retry_count: 0, vendor: 'v' }]
  ])
})

void test('a malformed event is a dead letter, and so is a malformed attachment, alone', async t => {
  const driver = createTestDriver(downloadsEvents)
  t.after(driver.close)

  await driver.topic(topics.events).pipe('a', { ...event, assignment_id: '..', attachments: ['https://a.example/1.pdf'] })
  await driver.topic(topics.events).pipe('b', { ...event, attachments: [null, 'https://a.example/1.pdf'] })

  equal((await driver.output(topics.pending).readAll()).length, 1)
  const letters = await driver.deadLetters()
  deepEqual(letters.map(({ topic }) => topic), ['xact.downloads.dlq', 'xact.downloads.dlq'])
  match(JSON.stringify(letters[0]), /assignment_id/)
  match(JSON.stringify(letters[1]), /attachments\[0\] of event t1: found null/)
})

void test('the prefix stands before every topic', () => {
  deepEqual(Object.values(downloadsTopics({ DOWNLOADS_TOPIC_PREFIX: 'my' })).map(({ name }) => name), ['my.events.raw', 'my.downloads.pending', 'my.downloads.cached', 'my.downloads.results', 'my.downloads.dlq'])
  deepEqual(downloadsEvents.configure({ DOWNLOADS_TOPIC_PREFIX: 'my' }).sources.flatMap(({ topics }) => topics.map(({ name }) => name)), ['my.events.raw'])
})

function pick (value: unknown, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => fields.includes(name)).toSorted(([a], [b]) => fields.indexOf(a) - fields.indexOf(b)))
}
