import { posix } from 'node:path'
import { v5 as uuidv5 } from 'uuid'
import type { DownloadEvent } from '../../schemas/download-event.ts'
import type { DownloadTask } from '../../schemas/download-task.ts'
import { MAX_URL_LENGTH } from '../../schemas/downloads-text.ts'
import { Rejected } from '../../streams/index.ts'

/**
 * One task for each attachment of an event; what cannot be the address of a file is turned away alone. Text that is no URL stays a task: it is
 * refused where files are fetched, and so gets its result like every other file.
 *
 * Delivered twice: the same tasks under the same ids.
 */
export function attachmentTasks (event: DownloadEvent): (DownloadTask | Rejected)[] {
  // An attachment that is named twice is one file.
  return [...new Set(event.attachments)].map(attachment => isAddress(attachment) ? taskOf(event, attachment) : refusalOf(event, attachment))
}

function isAddress (attachment: unknown): attachment is string {
  return typeof attachment === 'string' && attachment !== '' && attachment.length <= MAX_URL_LENGTH && !attachment.includes('\u0000')
}

function taskOf ({ attachments, timestamp, ...event }: DownloadEvent, url: string): DownloadTask {
  const mediaId = uuidv5(`${event.trace_id}:${url}`, uuidv5.URL)
  const fileType = fileTypeOf(url)
  return {
    ...event,
    media_id: mediaId,
    attachment_url: url,
    blob_path: `${event.event_subtype}/${event.assignment_id}/${mediaId}.${fileType}`,
    status_subtype: event.event_subtype,
    file_type: fileType,
    retry_count: 0,
    original_timestamp: timestamp
  }
}

/** What the path of a URL ends in, without a dot and in lower case: `bin` where that is nothing, or nothing that looks like a kind of file. */
export function fileTypeOf (url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  const extension = posix.extname(path).slice(1).toLowerCase()
  return /^[a-z0-9]{1,16}$/.test(extension) ? extension : 'bin'
}

function refusalOf (event: DownloadEvent, attachment: unknown): Rejected {
  const place = `attachments[${event.attachments.indexOf(attachment)}] of event ${event.trace_id}`
  return new Rejected({ errorType: 'schema', message: `${place}: found ${described(attachment)}, wanted a URL as text of 1 to ${MAX_URL_LENGTH} characters without U+0000` })
}

function described (value: unknown): string {
  if (typeof value === 'string') return value.length > MAX_URL_LENGTH ? `text of ${value.length} characters` : JSON.stringify(value.slice(0, 60))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}
