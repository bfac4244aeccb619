import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { completedResult, failedResult, malformedResult } from '../../processors/downloads/results.ts'
import { downloadLog } from '../../stores/download-log.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { downloadsResults } from '../../topology/downloads-results.ts'
import { downloadsTopics } from '../../topology/downloads-topics.ts'
import { cachedDownload, downloadTask } from '../helpers/downloads.ts'

const topics = downloadsTopics({ DOWNLOADS_TOPIC_PREFIX: 'xact' })
const atMs = 1_750_000_000_000

void test('each file has one row, that of its first result', async t => {
  const driver = createTestDriver(downloadsResults)
  t.after(driver.close)
  const completed = completedResult(cachedDownload({ cache_path: '/c' }, 'a file'), { attempts: 1, atMs, uploadMs: 1 })
  const malformed = malformedResult({ media_id: 'm1' }, 'trace_id is missing', atMs)

  for (const result of [completed, completed, failedResult(downloadTask(), new Error('x'), { attempts: 5, atMs }), malformed]) await driver.topic(topics.results).pipe('key', result)

  const rows = await Promise.all([downloadTask().media_id, 'm1'].map(async media_id => await driver.store(downloadLog).get({ media_id })))
  deepEqual(rows.map(row => [row?.status, row?.attempts, row?.finished_at]), [['completed', 1, atMs], ['failed_permanent', 1, atMs]])
  equal((await driver.deadLetters()).length, 0)
})

void test('what is no result is a dead letter', async t => {
  const driver = createTestDriver(downloadsResults)
  t.after(driver.close)

  await driver.topic(topics.results).pipe('key', { media_id: 'm1', status: 'perhaps' })

  deepEqual((await driver.deadLetters()).map(({ topic }) => topic), ['xact.downloads.dlq'])
})
