import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Check, Default, Parse } from 'typebox/value'
import { openFlakyFiles, usualTroubles } from '../../bin/flaky-files.ts'
import { downloadFile } from '../../processors/download-file.ts'
import { CachedDownload } from '../../schemas/cached-download.ts'
import { DownloadResult } from '../../schemas/download-result.ts'
import { DownloadTask } from '../../schemas/download-task.ts'
import { DownloadsSettings } from '../../schemas/downloads-settings.ts'
import { defineTopic, defineTopology, isRejected, isValid, type Topology } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { downloadTask, openFolder } from '../helpers/downloads.ts'

const pending = defineTopic({ name: 'pending' })
const outcomes = defineTopic({ name: 'outcomes' })
const deadLetters = defineTopic({ name: 'dlq' })

function downloading (given: object): Topology {
  const settings = Parse(DownloadsSettings, Default(DownloadsSettings, { DOWNLOADS_ALLOW_HTTP: true, DOWNLOADS_ALLOW_PRIVATE: true, ...given }))
  return defineTopology('downloading', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
    stream(pending).validate(DownloadTask).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(downloadFile({ settings })).to(outcomes)
  })
}

void test('a file comes into the cache with its checksum', async t => {
  const server = await openFlakyFiles({ seed: 1, files: 1, troubles: { unavailable: 0, silent: 0, missing: 0, slow: 0, truncated: 0 } })
  t.after(server.close)
  const driver = createTestDriver(downloading({ DOWNLOADS_CACHE_DIR: join(await openFolder(t), 'cache') }))
  await driver.topic(pending).pipe('m', downloadTask({ attachment_url: server.urlOf(0) }))
  const [outcome] = await driver.output(outcomes).readValues()
  ok(Check(CachedDownload, outcome))
  deepEqual(server.expected(0), { kind: 'file', bytes: outcome.bytes, sha256: outcome.sha256 })
})

void test('a file that does not exist has its final result at once, with the attempts of before counted, and is a dead letter', async t => {
  const server = await openFlakyFiles({ seed: 1, files: 1, troubles: { ...usualTroubles, unavailable: 0, silent: 0, missing: 1 } })
  t.after(server.close)
  const driver = createTestDriver(downloading({ DOWNLOADS_CACHE_DIR: join(await openFolder(t), 'cache') }))
  await driver.topic(pending).pipe('m', downloadTask({ attachment_url: server.urlOf(0), retry_count: 2 }))
  const [outcome] = await driver.output(outcomes).readValues()
  ok(Check(DownloadResult, outcome))
  deepEqual([outcome.status, outcome.http_status, outcome.attempts], ['failed_permanent', 404, 3])
  equal((await driver.deadLetters()).length, 1)
})

void test('a file that cannot be had now is tried again over all delays, and given up when another was had since', async t => {
  const server = await openFlakyFiles({ seed: 1, files: 1, troubles: { ...usualTroubles, unavailable: 1, missing: 0 } })
  t.after(server.close)
  const driver = createTestDriver(downloading({ DOWNLOADS_CACHE_DIR: join(await openFolder(t), 'cache'), DOWNLOADS_RETRY_DELAYS: '5m,10m' }))
  await driver.topic(pending).pipe('m', downloadTask({ attachment_url: server.urlOf(0) }))
  await driver.advanceWallClock(5 * 60_000)
  deepEqual(await driver.output(outcomes).readValues(), [])
  await driver.advanceWallClock(10 * 60_000)
  // No other call tells whether it is this file or all are away.
  await driver.advanceWallClock(60 * 60_000)
  deepEqual(await driver.output(outcomes).readValues(), [])

  const well = await openFlakyFiles({ seed: 1, files: 1, troubles: { unavailable: 0, silent: 0, missing: 0, slow: 0, truncated: 0 } })
  t.after(well.close)
  await driver.topic(pending).pipe('n', downloadTask({ attachment_url: well.urlOf(0) }))
  for (let minute = 0; minute < 4; minute++) await driver.advanceWallClock(60_000)
  const [cached, outcome] = await driver.output(outcomes).readValues()
  ok(Check(CachedDownload, cached))
  ok(Check(DownloadResult, outcome))
  deepEqual([outcome.status, outcome.http_status, outcome.attempts, outcome.error_class], ['failed_exhausted', 503, 3, 'transient'])
})
