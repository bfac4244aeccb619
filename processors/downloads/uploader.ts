import { access, rm, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { CachedDownload } from '../../schemas/cached-download.ts'
import type { DownloadResult } from '../../schemas/download-result.ts'
import type { DownloadTask } from '../../schemas/download-task.ts'
import type { Attempt } from './attempt.ts'
import { fileSha256 } from './file-sha256.ts'
import { isMissing } from './missing-file.ts'
import type { ObjectStore } from './object-store.ts'
import { completedResult } from './results.ts'
import { work } from './work.ts'
import { WorkError } from './work-error.ts'

export interface UploaderOptions {
  readonly store: ObjectStore
  /** No file outside of it is read, whatever a record says. */
  readonly cacheFolder: string
  /** For all of an attempt. */
  readonly timeoutMs: number
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The file is in the store, or has to be fetched again. */
export type UploadOutcome =
  | { readonly kind: 'completed', readonly result: DownloadResult }
  | { readonly kind: 'fetch-again', readonly task: DownloadTask }

/**
 * Puts a file of the cache into the store and removes it from the cache. Rejects with a `WorkError` that says whether trying again makes sense;
 * a file that is not in the cache any more is no failure.
 *
 * Delivered twice: the second finds the file in the store.
 */
export type Upload = (cached: CachedDownload, attempt: Attempt) => Promise<UploadOutcome>

export function createUploader ({ store, cacheFolder, timeoutMs, now = Date.now }: UploaderOptions): Upload {
  const root = resolve(cacheFolder) + sep

  async function upload (cached: CachedDownload, { signal, attempt }: Attempt): Promise<UploadOutcome> {
    const begunAt = now()
    const isStored = await work({ signal, timeoutMs, host: store.name }, async signal => await isInStore(cached, signal))
    if (!isStored) return { kind: 'fetch-again', task: taskOf(cached) }
    const atMs = now()
    return { kind: 'completed', result: completedResult(cached, { attempts: cached.retry_count + attempt, atMs, uploadMs: Math.max(0, atMs - begunAt) }) }
  }

  /** Whether the file is in the store now; not, where neither the cache nor the store has it. */
  async function isInStore (cached: CachedDownload, signal: AbortSignal): Promise<boolean> {
    const file = resolve(cached.cache_path)
    if (!file.startsWith(root)) throw new WorkError(`cache_path ${JSON.stringify(cached.cache_path)} lies outside of the cache.`, { errorClass: 'permanent' })
    const { blob_path: path, bytes, sha256, content_type: contentType } = cached
    if (!await isWhole(file, cached, signal)) return (await store.find(path, signal))?.sha256 === sha256
    try {
      await store.put(path, { file, bytes, sha256, contentType }, signal)
    } catch (error) {
      // Another attempt of the same file may have come to its end meanwhile, and removed it.
      if (signal.aborted || await exists(file)) throw error
      return (await store.find(path, signal))?.sha256 === sha256
    }
    await rm(file, { force: true })
    return true
  }

  return upload
}

/** Whether the cache has what was fetched. What a power cut left of a file is as good as none. */
async function isWhole (file: string, { bytes, sha256 }: CachedDownload, signal: AbortSignal): Promise<boolean> {
  try {
    const { size } = await stat(file)
    if (size === bytes && await fileSha256(file, signal) === sha256) return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  await rm(file, { force: true })
  return false
}

async function exists (file: string): Promise<boolean> {
  return await access(file).then(() => true, () => false)
}

/** As it was when it was pending, with its count of failed attempts. */
function taskOf ({ cache_path, bytes, sha256, content_type, downloaded_at, download_ms, ...task }: CachedDownload): DownloadTask {
  return task
}
