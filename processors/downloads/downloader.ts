import { Agent, request, type Dispatcher } from 'undici'
import type { CachedDownload } from '../../schemas/cached-download.ts'
import type { DownloadTask } from '../../schemas/download-task.ts'
import type { Attempt } from './attempt.ts'
import { readDigest } from './body-digest.ts'
import { writeCacheFile, type CacheFile } from './cache-file.ts'
import { answerFailure } from './http-failure.ts'
import type { UrlPolicy } from './url-policy.ts'
import { WorkError } from './work-error.ts'
import { work } from './work.ts'

export interface DownloaderOptions {
  readonly policy: UrlPolicy
  readonly cacheFolder: string
  /** For all of an attempt: the name, the connection, redirects, headers and the last byte of the body. */
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly maxRedirects: number
  /** What hosts want to see before they give files away; left out: nothing is shown. */
  readonly access?: Access
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The right to fetch files, for hosts that ask for it. */
export interface Access {
  /** The `Authorization` header for this address, if it needs one. */
  readonly authorization: (url: URL) => string | undefined
  /** After a 401: the next `authorization` is another. */
  readonly refresh: (signal: AbortSignal) => Promise<void>
}

export interface Downloader {
  /**
   * Fetches the file of a task into the cache. Rejects with a `WorkError` that says whether trying again makes sense.
   *
   * Delivered twice: fetches again, and leaves the same file.
   */
  readonly download: (task: DownloadTask, attempt: Attempt) => Promise<CachedDownload>
  readonly close: () => Promise<void>
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Fetches files over HTTP, on connections of its own that only reach addresses the policy allows. Who creates it closes it. */
export function createDownloader ({ policy, cacheFolder, timeoutMs, maxBytes, maxRedirects, access, now = Date.now }: DownloaderOptions): Downloader {
  // One timeout is kept, that of the whole attempt; it comes first anyway where it is shorter.
  const dispatcher = new Agent({ connect: { lookup: policy.lookup, timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0 })

  async function download (task: DownloadTask, { signal, attempt }: Attempt): Promise<CachedDownload> {
    const begunAt = now()
    const host = hostOf(task.attachment_url)
    const { file, contentType } = await work({ signal, timeoutMs, host }, async signal => await fetchFile(task, signal))
    return {
      ...task,
      retry_count: task.retry_count + attempt - 1,
      cache_path: file.path,
      bytes: file.bytes,
      sha256: file.sha256,
      content_type: contentType,
      downloaded_at: new Date(now()).toISOString(),
      download_ms: Math.max(0, now() - begunAt)
    }
  }

  /** What arrived whole and is not what its digest says is fetched once more at once: a proxy or a disk may have spoilt it, but not twice. */
  async function fetchFile (task: DownloadTask, signal: AbortSignal): Promise<Fetched> {
    const first = await fetchOnce(task, signal)
    if (isFetched(first)) return first
    const second = await fetchOnce(task, signal)
    if (isFetched(second)) return second
    const known = first.lengthKnown && second.lengthKnown
    throw new WorkError(`The file of ${hostOf(task.attachment_url)} does not fit the checksum that came with it, twice.`, { errorClass: known ? 'permanent' : 'transient' })
  }

  async function fetchOnce (task: DownloadTask, signal: AbortSignal): Promise<Fetched | Spoilt> {
    const { answer, host } = await answerOf(task.attachment_url, signal)
    const header = (name: string): string | undefined => headerOf(answer, name)
    const length = header('content-length')
    try {
      if (length !== undefined && Number(length) > maxBytes) throw tooLarge(host, `${length} bytes`)
      const file = await writeCacheFile(answer.body, {
        folder: cacheFolder, mediaId: task.media_id, maxBytes, digest: readDigest(header), signal, tooLarge: () => tooLarge(host, `more than ${maxBytes} bytes`)
      })
      return file === undefined ? { lengthKnown: length !== undefined } : { file, contentType: contentTypeOf(header('content-type')) }
    } finally {
      discard(answer)
    }
  }

  /** Follows redirects, each of them checked, to the answer that has the file. */
  async function answerOf (address: string, signal: AbortSignal): Promise<Answered> {
    let url = policy.check(address)
    let refreshed = false
    for (let redirects = 0; ;) {
      const authorization = access?.authorization(url)
      const answer = await request(url, { dispatcher, signal, headers: { accept: '*/*', 'accept-encoding': 'identity', ...(authorization === undefined ? {} : { authorization }) } })
      if (answer.statusCode === 200) return { answer, host: url.hostname }
      discard(answer)
      if (answer.statusCode === 401 && access !== undefined && !refreshed) {
        await access.refresh(signal)
        refreshed = true
      } else if (REDIRECTS.has(answer.statusCode)) {
        if (++redirects > maxRedirects) throw new WorkError(`Refused by the URL policy: more than ${maxRedirects} redirects.`, { errorClass: 'permanent', httpStatus: answer.statusCode })
        url = policy.check(targetOf(answer, url))
      } else {
        throw answerFailure({ status: answer.statusCode, retryAfter: headerOf(answer, 'retry-after') }, url.hostname, now())
      }
    }
  }

  function tooLarge (host: string, found: string): WorkError {
    return new WorkError(`Refused by the URL policy: the file of ${host} has ${found}, wanted at most ${maxBytes}.`, { errorClass: 'permanent', httpStatus: 200 })
  }

  return { download, close: async () => await dispatcher.destroy() }
}

interface Fetched {
  readonly file: CacheFile
  readonly contentType: string
}

interface Spoilt {
  readonly lengthKnown: boolean
}

interface Answered {
  readonly answer: Dispatcher.ResponseData
  readonly host: string
}

function isFetched (fetched: Fetched | Spoilt): fetched is Fetched {
  return 'file' in fetched
}

/** Of a body that is not wanted nothing more is read. That it ends early is an error to its stream, and to nobody else. */
function discard ({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => {}).destroy()
}

function headerOf ({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function targetOf (answer: Dispatcher.ResponseData, from: URL): string {
  const target = headerOf(answer, 'location')
  if (target === undefined) throw new WorkError(`${from.hostname} answered ${answer.statusCode} without saying where to.`, { errorClass: 'permanent', httpStatus: answer.statusCode })
  // What is no address is for the policy to refuse.
  return URL.parse(target, from.href)?.href ?? target
}

/** Without what no table can hold; a header is somebody else's text. */
function contentTypeOf (header: string | undefined): string {
  const text = header?.replaceAll('\u0000', '').trim().slice(0, 1_000) ?? ''
  return text === '' ? 'application/octet-stream' : text
}

function hostOf (url: string): string {
  return URL.parse(url)?.hostname ?? 'nowhere'
}
