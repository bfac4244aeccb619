import { column, defineRows, nullable } from '../streams/index.ts'

/** What became of every file, once: all statuses are final, so what came first stays. */
export const downloadLog = defineRows({
  name: 'downloads',
  key: ['media_id'],
  columns: {
    media_id: column('text'),
    trace_id: column('text'),
    assignment_id: nullable('text'),
    attachment_url: column('text'),
    blob_path: column('text'),
    status: column('text'),
    attempts: column('bigint'),
    bytes: nullable('bigint'),
    sha256: nullable('text'),
    content_type: nullable('text'),
    error_class: nullable('text'),
    error_message: nullable('text'),
    http_status: nullable('integer'),
    download_ms: nullable('bigint'),
    upload_ms: nullable('bigint'),
    finished_at: column('timestamptz')
  }
})
