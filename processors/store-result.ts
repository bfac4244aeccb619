import { DownloadResult } from '../schemas/download-result.ts'
import type { downloadLog } from '../stores/download-log.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Stores what became of a file; the line ends here.
 *
 * Delivered twice, or a second result of the same file: the first stays as it is, since every status is final.
 */
export function storeResult ({ into }: { readonly into: typeof downloadLog }) {
  return defineProcessor({
    name: 'store-result',
    input: DownloadResult,
    stores: { downloads: into },
    process ({ value }, { stores }) {
      stores.downloads.insert({
        media_id: value.media_id,
        trace_id: value.trace_id,
        assignment_id: value.assignment_id ?? null,
        attachment_url: value.attachment_url,
        blob_path: value.blob_path,
        status: value.status,
        attempts: value.attempts,
        bytes: value.bytes ?? null,
        sha256: value.sha256 ?? null,
        content_type: value.content_type ?? null,
        error_class: value.error_class ?? null,
        error_message: value.error_message ?? null,
        http_status: value.http_status ?? null,
        download_ms: value.download_ms ?? null,
        upload_ms: value.upload_ms ?? null,
        finished_at: Date.parse(value.finished_at)
      })
    }
  })
}
