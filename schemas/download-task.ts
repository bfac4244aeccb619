import Type, { type Static } from 'typebox'
import { DownloadEvent } from './download-event.ts'
import { AttachmentUrl, BlobPath, MediaId, Text } from './downloads-text.ts'

const { trace_id, event_type, event_subtype, timestamp, assignment_id, estimate_version, metadata } = DownloadEvent.properties

/** One file that is to be fetched. Fields that are not named here are kept and passed on. */
export type DownloadTask = Static<typeof DownloadTask>
export const DownloadTask = Type.Object({
  trace_id,
  media_id: MediaId,
  attachment_url: AttachmentUrl,
  blob_path: BlobPath,
  status_subtype: Text(200),
  file_type: Type.String({ pattern: '^[a-z0-9]{1,16}$', description: 'What the path of the URL ends in, bin when it ends in nothing.' }),
  assignment_id,
  estimate_version,
  retry_count: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'How many attempts have failed.' }),
  event_type,
  event_subtype,
  original_timestamp: timestamp,
  metadata
})
