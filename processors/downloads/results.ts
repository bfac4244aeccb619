import { Check } from 'typebox/value'
import { CachedDownload } from '../../schemas/cached-download.ts'
import { DownloadResult } from '../../schemas/download-result.ts'
import type { DownloadTask } from '../../schemas/download-task.ts'
import { errorClassOf, WorkError } from './work-error.ts'

export interface Finished {
  /** How often it was tried. */
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly atMs: number
}

/** The file is in the store. */
export function completedResult (cached: CachedDownload, { attempts, atMs, uploadMs }: Finished & { readonly uploadMs: number }): DownloadResult {
  return { ...identityOf(cached), status: 'completed', attempts, ...fileOf(cached), upload_ms: uploadMs, finished_at: new Date(atMs).toISOString() }
}

/** Nobody is going to try again: what failed is permanent, or was tried as often as allowed. */
export function failedResult (record: DownloadTask | CachedDownload, error: unknown, { attempts, atMs }: Finished): DownloadResult {
  const errorClass = errorClassOf(error)
  const status = error instanceof WorkError ? error.httpStatus : undefined
  return {
    ...identityOf(record),
    status: errorClass === 'permanent' ? 'failed_permanent' : 'failed_exhausted',
    attempts,
    ...(Check(CachedDownload, record) ? fileOf(record) : {}),
    error_class: errorClass,
    error_message: messageOf(error),
    ...(status === undefined ? {} : { http_status: status }),
    finished_at: new Date(atMs).toISOString()
  }
}

/** Of a task that breaks its contract, as far as it says who it is; undefined where not even that. */
export function malformedResult (value: unknown, message: string, atMs: number): DownloadResult | undefined {
  const field = (name: string, maxLength: number): string => {
    const found: unknown = typeof value === 'object' && value !== null ? Object.entries(value).find(([field]) => field === name)?.[1] : undefined
    return typeof found === 'string' ? storable(found, maxLength) : ''
  }
  const mediaId = field('media_id', 200)
  if (mediaId === '') return undefined
  const assignmentId = field('assignment_id', 200)
  return {
    media_id: mediaId,
    trace_id: field('trace_id', 200),
    ...(assignmentId === '' ? {} : { assignment_id: assignmentId }),
    attachment_url: field('attachment_url', 8_192),
    blob_path: field('blob_path', 1_000),
    status: 'failed_permanent',
    attempts: 1,
    error_class: 'permanent',
    error_message: messageOf(message),
    finished_at: new Date(atMs).toISOString()
  }
}

/** Which file it is, and the fields that nobody knows. */
function identityOf (record: DownloadTask | CachedDownload) {
  const others = Object.fromEntries(Object.entries(record).filter(([name]) => !Object.hasOwn(CachedDownload.properties, name) && !Object.hasOwn(DownloadResult.properties, name)))
  const { media_id, trace_id, assignment_id, attachment_url, blob_path } = record
  return { ...others, media_id, trace_id, assignment_id, attachment_url, blob_path }
}

function fileOf ({ bytes, sha256, content_type, download_ms }: CachedDownload) {
  return { bytes, sha256, content_type, ...(download_ms === undefined ? {} : { download_ms }) }
}

function messageOf (error: unknown): string {
  const message = storable(error instanceof Error ? error.message : String(error), 10_000)
  return message === '' ? 'no reason was given' : message
}

function storable (text: string, maxLength: number): string {
  return text.replaceAll('\u0000', '').slice(0, maxLength)
}
