import Type, { type Static } from 'typebox'
import { DownloadTask } from './download-task.ts'
import { Count, Instant, Sha256, Text } from './downloads-text.ts'
import { ErrorClass } from './error-class.ts'

/** All of them are final: nothing more is going to happen to the file. */
export type DownloadStatus = Static<typeof DownloadStatus>
export const DownloadStatus = Type.Unsafe<'completed' | 'failed_permanent' | 'failed_exhausted'>({
  type: 'string', enum: ['completed', 'failed_permanent', 'failed_exhausted'], description: 'Whether the file is in the store, was refused at once, or failed until nobody tried again.'
})

/** What became of a file. Fields that are not named here are kept and passed on. */
export type DownloadResult = Static<typeof DownloadResult>
export const DownloadResult = Type.Object({
  media_id: DownloadTask.properties.media_id,
  trace_id: DownloadTask.properties.trace_id,
  assignment_id: Type.Optional(DownloadTask.properties.assignment_id),
  attachment_url: DownloadTask.properties.attachment_url,
  blob_path: DownloadTask.properties.blob_path,
  status: DownloadStatus,
  attempts: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'How often it was tried.' }),
  bytes: Type.Optional(Count),
  sha256: Type.Optional(Sha256),
  content_type: Type.Optional(Text(1_000)),
  error_class: Type.Optional(ErrorClass),
  error_message: Type.Optional(Text(10_000)),
  http_status: Type.Optional(Type.Integer({ minimum: 100, maximum: 999 })),
  download_ms: Type.Optional(Count),
  upload_ms: Type.Optional(Count),
  finished_at: Instant
})
