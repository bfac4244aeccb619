import Type from 'typebox'
import { createDownloader, type Downloader } from './downloads/downloader.ts'
import { cacheFolderOf, downloadsOptions } from './downloads/options.ts'
import { failedResult } from './downloads/results.ts'
import { retryBy, THEIR_TIME_MS } from './downloads/retrying.ts'
import { createUrlPolicy } from './downloads/url-policy.ts'
import { CachedDownload } from '../schemas/cached-download.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { DownloadTask } from '../schemas/download-task.ts'
import type { DownloadsSettings } from '../schemas/downloads-settings.ts'
import { defineAsyncProcessor } from '../streams/index.ts'

/**
 * Fetches the file of a task into the cache. What comes of it is the file in the cache, or, where nobody tries again, its final result.
 *
 * Delivered twice: fetches again, and leaves the same file.
 */
export function downloadFile ({ settings }: { readonly settings: DownloadsSettings }) {
  const options = downloadsOptions(settings)
  let downloader: Downloader | undefined
  // With the first call: a topology that is only looked at has no connections and needs no folder.
  const open = (): Downloader => createDownloader({ ...options, policy: createUrlPolicy(options.policy), cacheFolder: cacheFolderOf(settings) })
  return defineAsyncProcessor({
    name: 'download-file',
    input: DownloadTask,
    output: Type.Union([CachedDownload, DownloadResult]),
    concurrency: options.concurrency,
    timeoutMs: options.timeoutMs + THEIR_TIME_MS,
    ...retryBy(settings, { dependency: 'attachment-hosts', topic: 'pending' }),
    process: async ({ value }, { signal, attempt }) => {
      downloader ??= open()
      return await downloader.download(value, { signal, attempt })
    },
    onFailure: ({ value }, { error, attempts, failedAtMs }) => failedResult(value, error, { attempts: value.retry_count + attempts, atMs: failedAtMs })
  })
}
