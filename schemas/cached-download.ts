import Type, { type Static } from 'typebox'
import { Count, Instant, Sha256, Text } from './downloads-text.ts'
import { DownloadTask } from './download-task.ts'

/** A file that lies in the cache and is to be stored. Fields that are not named here are kept and passed on. */
export type CachedDownload = Static<typeof CachedDownload>
export const CachedDownload = Type.Object({
  ...DownloadTask.properties,
  cache_path: Text(4_096, 'The file in the cache folder.'),
  bytes: Count,
  sha256: Sha256,
  content_type: Text(1_000),
  downloaded_at: Instant,
  download_ms: Type.Optional(Count)
})
