import { deepEqual, ok } from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Check, Default, Parse } from 'typebox/value'
import { openFolderStore } from '../../processors/downloads/folder-store.ts'
import { uploadFile } from '../../processors/upload-file.ts'
import { CachedDownload } from '../../schemas/cached-download.ts'
import { DownloadResult } from '../../schemas/download-result.ts'
import { DownloadsSettings } from '../../schemas/downloads-settings.ts'
import { defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { cachedDownload, openFolder } from '../helpers/downloads.ts'

const cached = defineTopic({ name: 'cached' })
const outcomes = defineTopic({ name: 'outcomes' })
const deadLetters = defineTopic({ name: 'dlq' })

void test('a file comes into the store, and its result says how long it took', async t => {
  const folder = await openFolder(t)
  const settings = Parse(DownloadsSettings, Default(DownloadsSettings, { DOWNLOADS_CACHE_DIR: join(folder, 'cache'), DOWNLOADS_STORE: `file://${join(folder, 'store')}` }))
  const driver = createTestDriver(defineTopology('uploading', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
    stream(cached).validate(CachedDownload).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(uploadFile({ settings })).to(outcomes)
  }))
  await mkdir(join(folder, 'cache'))
  const file = cachedDownload({ cache_path: join(folder, 'cache', 'file') }, 'content')
  await writeFile(file.cache_path, 'content')

  await driver.topic(cached).pipe('m', file)

  const [outcome] = await driver.output(outcomes).readValues()
  ok(Check(DownloadResult, outcome))
  deepEqual([outcome.status, outcome.sha256, typeof outcome.upload_ms], ['completed', file.sha256, 'number'])
  deepEqual((await openFolderStore(join(folder, 'store')).find(file.blob_path, new AbortController().signal))?.sha256, file.sha256)
})
