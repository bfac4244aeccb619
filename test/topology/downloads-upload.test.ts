import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Parse } from 'typebox/value'
import { attachmentTasks } from '../../processors/downloads/attachment-tasks.ts'
import { CachedDownload } from '../../schemas/cached-download.ts'
import { DownloadResult } from '../../schemas/download-result.ts'
import { isValid } from '../../streams/index.ts'
import { createTestDriver, type TestDriver } from '../../streams/testing.ts'
import { downloadsTopics } from '../../topology/downloads-topics.ts'
import { downloadsUpload } from '../../topology/downloads-upload.ts'
import { openFolder } from '../helpers/downloads.ts'

const topics = downloadsTopics({ DOWNLOADS_TOPIC_PREFIX: 'xact' })

/** A worker over folders of its own, and a file of its cache that was never written. */
async function openUploads (t: TestContext): Promise<{ readonly driver: TestDriver, readonly cached: CachedDownload }> {
  const folder = await openFolder(t)
  const cache = join(folder, 'cache')
  await mkdir(cache)
  const driver = createTestDriver(downloadsUpload.configure({ DOWNLOADS_CACHE_DIR: cache, DOWNLOADS_STORE: `file://${join(folder, 'store')}` }))
  const [task] = attachmentTasks({ trace_id: 't', event_type: 'e', event_subtype: 'documents', timestamp: 0, assignment_id: 'A1', attachments: ['https://example.com/a.pdf'] }).filter(isValid)
  ok(task)
  const cached = Parse(CachedDownload, {
    ...task, retry_count: 2, cache_path: join(cache, 'file'), bytes: 5, sha256: createHash('sha256').update('hello').digest('hex'), content_type: 'application/pdf', downloaded_at: '2026-01-01T00:00:00.000Z'
  })
  return { driver, cached }
}

void test('a file of the cache comes into the store, once however often it is asked for', async t => {
  const { driver, cached } = await openUploads(t)
  await writeFile(cached.cache_path, 'hello')
  await driver.topic(topics.cached).pipe(cached.media_id, cached)
  await driver.topic(topics.cached).pipe(cached.media_id, cached)
  const results = (await driver.output(topics.results).readValues()).map(value => Parse(DownloadResult, value))
  deepEqual(results.map(({ status, attempts, sha256 }) => [status, attempts, sha256]), [['completed', 3, cached.sha256], ['completed', 3, cached.sha256]])
})

void test('a file that is gone from the cache and not in the store is fetched again, with its count of attempts', async t => {
  const { driver, cached } = await openUploads(t)
  await driver.topic(topics.cached).pipe(cached.media_id, cached)
  const [again] = await driver.output(topics.pending).readAll()
  ok(again)
  deepEqual([again.key, (again.value as { readonly retry_count: number }).retry_count], [cached.media_id, 2])
  deepEqual(await driver.output(topics.results).readValues(), [])
})

void test('a record that breaks its contract is a dead letter, and has a result', async t => {
  const { driver } = await openUploads(t)
  await driver.topic(topics.cached).pipe('m1', { media_id: 'm1' })
  equal((await driver.output(topics.results).readValues()).length, 1)
  equal((await driver.deadLetters()).length, 1)
})
