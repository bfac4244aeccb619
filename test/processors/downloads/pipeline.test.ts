import { deepEqual, equal, ok } from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openFlakyFiles } from '../../../bin/flaky-files.ts'
import { attachmentTasks } from '../../../processors/downloads/attachment-tasks.ts'
import { createDownloader } from '../../../processors/downloads/downloader.ts'
import { openFolderStore } from '../../../processors/downloads/folder-store.ts'
import { failedResult } from '../../../processors/downloads/results.ts'
import { createUploader } from '../../../processors/downloads/uploader.ts'
import { createUrlPolicy } from '../../../processors/downloads/url-policy.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import type { DownloadResult } from '../../../schemas/download-result.ts'
import type { DownloadTask } from '../../../schemas/download-task.ts'
import { isValid } from '../../../streams/index.ts'
import { openFolder } from '../../helpers/downloads.ts'

const FILES = 300
const never = new AbortController().signal

void test('every file of a flaky server that can be had is in the store with its checksum, and what cannot is permanent', async t => {
  const server = await openFlakyFiles({ seed: 3, files: FILES, slowBodyMs: 2_000 })
  t.after(server.close)
  const folder = await openFolder(t)
  const cacheFolder = join(folder, 'cache')
  const store = openFolderStore(join(folder, 'store'))
  const downloader = createDownloader({ policy: createUrlPolicy({ allowedHosts: [], allowHttp: true, allowPrivate: true }), cacheFolder, timeoutMs: 500, maxBytes: 100_000, maxRedirects: 0 })
  t.after(downloader.close)
  const upload = createUploader({ store, cacheFolder, timeoutMs: 5_000 })
  const tasks = attachmentTasks({
    trace_id: 't', event_type: 'e', event_subtype: 'documents', timestamp: 0, assignment_id: 'A1', attachments: Array.from({ length: FILES }, (_, file) => server.urlOf(file))
  }).filter(isValid)

  async function finish (task: DownloadTask): Promise<DownloadResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await upload(await downloader.download(task, { signal: never, attempt }), { signal: never, attempt: 1 })
        ok(outcome.kind === 'completed')
        return outcome.result
      } catch (error) {
        ok(error instanceof WorkError && attempt < 20, String(error))
        if (error.errorClass === 'permanent') return failedResult(task, error, { attempts: attempt, atMs: 0 })
        equal(error.errorClass, 'transient', error.message)
      }
    }
  }
  const waiting = [...tasks.entries()]
  const results: DownloadResult[] = []
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await finish(next[1])
  }
  await Promise.all(Array.from({ length: 20 }, worker))

  for (const [file, result] of results.entries()) {
    const expected = server.expected(file)
    const stored = await store.find(result.blob_path, never)
    if (expected.kind === 'missing') deepEqual([result.status, result.http_status, stored], ['failed_permanent', 404, undefined])
    else deepEqual([result.status, result.sha256, stored], ['completed', expected.sha256, { bytes: expected.bytes, sha256: expected.sha256 }])
  }
  equal(results.length, FILES)
  const { unavailable, silent, slow, truncated, missing } = server.calls()
  ok([unavailable, silent, slow, truncated, missing].every(count => count > 0), JSON.stringify(server.calls()))
  deepEqual(await readdir(cacheFolder), [])
})
