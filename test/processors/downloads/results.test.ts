import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { Check } from 'typebox/value'
import { completedResult, failedResult, malformedResult } from '../../../processors/downloads/results.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import { DownloadResult } from '../../../schemas/download-result.ts'
import { cachedDownload, downloadTask, sha256Of } from '../../helpers/downloads.ts'

const atMs = Date.parse('2026-01-01T00:00:02Z')
const identity = (({ media_id, trace_id, assignment_id, attachment_url, blob_path }) => ({ media_id, trace_id, assignment_id, attachment_url, blob_path }))(downloadTask())

void test('a task that failed for good has a result with the error', () => {
  const result = failedResult(downloadTask(), new WorkError('files.example.com answered 404.', { errorClass: 'permanent', httpStatus: 404 }), { attempts: 1, atMs })

  deepEqual(result, {
    ...identity, status: 'failed_permanent', attempts: 1, error_class: 'permanent', error_message: 'files.example.com answered 404.', http_status: 404, finished_at: '2026-01-01T00:00:02.000Z'
  })
  ok(Check(DownloadResult, result))
})

for (const [errorClass, error] of [
  ['transient', new WorkError('x', { errorClass: 'transient' })], ['auth', new WorkError('x', { errorClass: 'auth' })], ['unknown', new Error('x')], ['unknown', 'x']
] as const) {
  void test(`what is not permanent (${errorClass}) ends as exhausted`, () => {
    const result = failedResult(downloadTask(), error, { attempts: 5, atMs })

    deepEqual([result.status, result.error_class, result.attempts, result.error_message], ['failed_exhausted', errorClass, 5, 'x'])
  })
}

void test('a file that was fetched and could not be stored keeps what is known of it', () => {
  const result = failedResult(cachedDownload({ cache_path: '/c' }, 'a file'), new Error('x'), { attempts: 5, atMs })

  deepEqual([result.bytes, result.sha256, result.content_type, result.download_ms], [6, sha256Of('a file'), 'application/pdf', 5])
})

void test('fields that nobody knows are passed on, and none passes for one of a result', () => {
  const foreign = { vendor: 'v', sha256: 'x', error_class: 'bad', status: 'bad', http_status: 'bad' }

  for (const result of [
    failedResult({ ...downloadTask(), ...foreign }, new Error('x'), { attempts: 1, atMs }),
    completedResult({ ...cachedDownload({ cache_path: '/c' }, 'a'), ...foreign, sha256: sha256Of('a') }, { attempts: 1, atMs, uploadMs: 1 })
  ]) {
    ok(Check(DownloadResult, result))
    equal({ vendor: '', ...result }.vendor, 'v')
    ok(!('cache_path' in result) && !('event_type' in result))
  }
})

void test('a message that no table could hold is made one that it can', () => {
  ok(Check(DownloadResult, failedResult(downloadTask(), new Error('a\u0000b'.repeat(10_000)), { attempts: 1, atMs })))
  ok(Check(DownloadResult, failedResult(downloadTask(), new Error(''), { attempts: 1, atMs })))
})

void test('a malformed task has a result as far as it says which file it is', () => {
  const result = malformedResult({ media_id: 'm1', trace_id: 5, attachment_url: 'a\u0000b', blob_path: '../x' }, 'trace_id: found 5', atMs)

  deepEqual(result, {
    media_id: 'm1', trace_id: '', attachment_url: 'ab', blob_path: '../x', status: 'failed_permanent', attempts: 1, error_class: 'permanent', error_message: 'trace_id: found 5', finished_at: '2026-01-01T00:00:02.000Z'
  })
  ok(Check(DownloadResult, result))
  for (const nobody of [null, 5, 'x', [], {}, { media_id: 5 }, { media_id: '' }]) equal(malformedResult(nobody, 'x', atMs), undefined)
})
