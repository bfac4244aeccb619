import { deepEqual, equal, ok } from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openFlakyFiles } from '../../bin/flaky-files.ts'
import { attachmentTasks } from '../../processors/downloads/attachment-tasks.ts'
import { openFolderStore } from '../../processors/downloads/folder-store.ts'
import { DownloadResult } from '../../schemas/download-result.ts'
import { isValid } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { downloadsDownload } from '../../topology/downloads-download.ts'
import { downloadsTopics } from '../../topology/downloads-topics.ts'
import { downloadsUpload } from '../../topology/downloads-upload.ts'
import { openFolder } from '../helpers/downloads.ts'
import { Parse } from 'typebox/value'

const topics = downloadsTopics({ DOWNLOADS_TOPIC_PREFIX: 'xact' })
const FILES = 150

void test('over the delays of the retries every file of a flaky server that can be had ends in the store, and each has one result', async t => {
  const server = await openFlakyFiles({ seed: 5, files: FILES, slowBodyMs: 2_000 })
  t.after(server.close)
  const folder = await openFolder(t)
  const settings = {
    DOWNLOADS_CACHE_DIR: join(folder, 'cache'), DOWNLOADS_STORE: `file://${join(folder, 'store')}`, DOWNLOADS_ALLOW_HTTP: true, DOWNLOADS_ALLOW_PRIVATE: true, DOWNLOADS_TIMEOUT: '500ms', DOWNLOADS_CONCURRENCY: 50
  }
  const downloads = createTestDriver(downloadsDownload.configure(settings), { applicationId: downloadsDownload.name, maxUnitRecords: 100, debug: false })
  const uploads = createTestDriver(downloadsUpload.configure(settings), { maxUnitRecords: 100, debug: false })
  const tasks = attachmentTasks({
    trace_id: 't', event_type: 'e', event_subtype: 'documents', timestamp: 0, assignment_id: 'A1', attachments: Array.from({ length: FILES }, (_, file) => server.urlOf(file))
  }).filter(isValid)

  await downloads.topic(topics.pending).pipeAll(tasks.map(task => ({ key: task.media_id, value: task })))
  for (const minutes of [5, 10, 20, 40]) await downloads.advanceWallClock(minutes * 60_000)
  await uploads.topic(topics.cached).pipeAll((await downloads.output(topics.cached).readAll()).map(({ key, value }) => ({ key, value })))

  const results = [...await downloads.output(topics.results).readValues(), ...await uploads.output(topics.results).readValues()].map(value => Parse(DownloadResult, value))
  equal(results.length, FILES)
  const byMedia = new Map(results.map(result => [result.media_id, result]))
  const store = openFolderStore(join(folder, 'store'))
  for (const [file, task] of tasks.entries()) {
    const result = byMedia.get(task.media_id)
    const expected = server.expected(file)
    const stored = await store.find(task.blob_path, new AbortController().signal)
    if (expected.kind === 'missing') deepEqual([result?.status, result?.http_status, stored], ['failed_permanent', 404, undefined])
    else deepEqual([result?.status, result?.sha256, stored], ['completed', expected.sha256, { bytes: expected.bytes, sha256: expected.sha256 }])
  }
  const missing = tasks.filter((_, file) => server.expected(file).kind === 'missing').length
  ok(missing > 0)
  equal((await downloads.deadLetters()).length, missing, 'only what is permanent is dead-lettered')
  deepEqual(await readdir(settings.DOWNLOADS_CACHE_DIR), [])
})

void test('a task that breaks its contract is a dead letter, and has a result', async () => {
  const driver = createTestDriver(downloadsDownload)
  await driver.topic(topics.pending).pipe('m1', { media_id: 'm1', trace_id: 't1' })
  const [result] = await driver.output(topics.results).readValues()
  deepEqual(Parse(DownloadResult, result).status, 'failed_permanent')
  equal((await driver.deadLetters()).length, 1)
})
