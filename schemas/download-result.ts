import Type, { type Static } from 'typebox'
import { Count, Instant, MAX_URL_LENGTH, Sha256, Text } from './downloads-text.ts'
import { ErrorClass } from './error-class.ts'

/** All of them are final: nothing more is going to happen to the file. */
export type DownloadStatus = Static<typeof DownloadStatus>
export const DownloadStatus = Type.Unsafe<'completed' | 'failed_permanent' | 'failed_exhausted'>({
  type: 'string', enum: ['completed', 'failed_permanent', 'failed_exhausted'], description: 'Whether the file is in the store, was refused at once, or failed until nobody tried again.'
})

const given = (maxLength: number) => Type.String({ maxLength, pattern: '^[^\\u0000]*$', description: 'Empty where a malformed task did not say.' })

/** What became of a file. Fields that are not named here are kept and passed on. */
export type DownloadResult = Static<typeof DownloadResult>
export const DownloadResult = Type.Object({
  media_id: Text(200, 'As the task has it.'),
  trace_id: given(200),
  assignment_id: Type.Optional(Text(200)),
  attachment_url: given(MAX_URL_LENGTH),
  blob_path: given(1_000),
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
