import Type from 'typebox'
import { cacheFolderOf, downloadsOptions, openStoreOf } from './downloads/options.ts'
import { failedResult } from './downloads/results.ts'
import { retryBy, THEIR_TIME_MS } from './downloads/retrying.ts'
import { createUploader, type Upload } from './downloads/uploader.ts'
import { CachedDownload } from '../schemas/cached-download.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { DownloadTask } from '../schemas/download-task.ts'
import type { DownloadsSettings } from '../schemas/downloads-settings.ts'
import { defineAsyncProcessor } from '../streams/index.ts'

/**
 * Puts a file of the cache into the store. What comes of it is the final result; or the task, to be fetched again, where the file is gone.
 *
 * Delivered twice: the second finds the file in the store.
 */
export function uploadFile ({ settings }: { readonly settings: DownloadsSettings }) {
  const { concurrency, timeoutMs } = downloadsOptions(settings)
  let upload: Upload | undefined
  const open = (): Upload => createUploader({ store: openStoreOf(settings), cacheFolder: cacheFolderOf(settings), timeoutMs })
  return defineAsyncProcessor({
    name: 'upload-file',
    input: CachedDownload,
    output: Type.Union([DownloadResult, DownloadTask]),
    concurrency,
    timeoutMs: timeoutMs + THEIR_TIME_MS,
    ...retryBy(settings, { dependency: 'object-store', topic: 'cached' }),
    process: async ({ value }, { signal, attempt }) => {
      upload ??= open()
      const outcome = await upload(value, { signal, attempt })
      return outcome.kind === 'completed' ? outcome.result : outcome.task
    },
    onFailure: ({ value }, { error, attempts, failedAtMs }) => failedResult(value, error, { attempts: value.retry_count + attempts, atMs: failedAtMs })
  })
}
