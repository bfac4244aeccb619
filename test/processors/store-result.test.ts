import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { completedResult, failedResult } from '../../processors/downloads/results.ts'
import { storeResult } from '../../processors/store-result.ts'
import { downloadLog } from '../../stores/download-log.ts'
import { cachedDownload, downloadTask, sha256Of } from '../helpers/downloads.ts'
import { runProcessor } from '../helpers/processor.ts'

const atMs = Date.parse('2026-01-01T00:00:02Z')
const completed = completedResult(cachedDownload({ cache_path: '/c' }, 'a file'), { attempts: 2, atMs, uploadMs: 7 })
const failed = failedResult(downloadTask({ media_id: '00000000-0000-5000-8000-000000000000' }), new Error('x'), { attempts: 5, atMs })
const nothing = { bytes: null, sha256: null, content_type: null, error_class: null, error_message: null, http_status: null, download_ms: null, upload_ms: null }

void test('a result is a row, with null for what it does not say', async () => {
  const { rows } = await runProcessor(storeResult({ into: downloadLog }), [completed, failed])

  const { media_id, trace_id, assignment_id, attachment_url, blob_path } = completed
  const shared = { trace_id, assignment_id, attachment_url, blob_path, finished_at: atMs }
  deepEqual(rows(downloadLog).toSorted((a, b) => Number(a['attempts']) - Number(b['attempts'])), [
    { ...nothing, ...shared, media_id, status: 'completed', attempts: 2, bytes: 6, sha256: sha256Of('a file'), content_type: 'application/pdf', download_ms: 5, upload_ms: 7 },
    { ...nothing, ...shared, media_id: failed.media_id, status: 'failed_exhausted', attempts: 5, error_class: 'unknown', error_message: 'x' }
  ])
})

void test('a result delivered twice is stored once, and a second result of a file changes nothing', async () => {
  const { rows } = await runProcessor(storeResult({ into: downloadLog }), [completed, completed, { ...completed, status: 'failed_exhausted', attempts: 9 }])

  deepEqual(rows(downloadLog).map(({ status, attempts }) => [status, attempts]), [['completed', 2]])
})
