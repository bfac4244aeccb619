import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { CachedDownload } from '../../schemas/cached-download.ts'
import type { DownloadTask } from '../../schemas/download-task.ts'

/** A folder that is gone after the test. */
export async function openFolder (t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-downloads-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  return folder
}

export function downloadTask (fields: Partial<DownloadTask> = {}): DownloadTask {
  return {
    trace_id: 'trace-1',
    media_id: '0b9d4f4a-6f0c-5c3e-9a59-3f2f5c3f1c11',
    attachment_url: 'https://files.example.com/a.pdf',
    blob_path: 'documents/A1/0b9d4f4a-6f0c-5c3e-9a59-3f2f5c3f1c11.pdf',
    status_subtype: 'documents',
    file_type: 'pdf',
    assignment_id: 'A1',
    retry_count: 0,
    event_type: 'status',
    event_subtype: 'documents',
    original_timestamp: '2026-01-01T00:00:00Z',
    ...fields
  }
}

/** A file of the cache, as the download leaves it. */
export function cachedDownload (fields: Pick<CachedDownload, 'cache_path'> & Partial<CachedDownload>, content: string): CachedDownload {
  return {
    ...downloadTask(),
    bytes: Buffer.byteLength(content),
    sha256: sha256Of(content),
    content_type: 'application/pdf',
    downloaded_at: '2026-01-01T00:00:01.000Z',
    download_ms: 5,
    ...fields
  }
}

export function sha256Of (content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
