import { Check } from 'typebox/value'
import { downloadFile } from '../processors/download-file.ts'
import { refuseDownload } from '../processors/refuse-download.ts'
import { CachedDownload } from '../schemas/cached-download.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { DownloadTask } from '../schemas/download-task.ts'
import { downloadsApplicationIds, DownloadsSettings } from '../schemas/downloads-settings.ts'
import { defineTopology, isRejected, isValid } from '../streams/index.ts'
import { downloadsTopics } from './downloads-topics.ts'

/** The download worker: files come into the cache, and what cannot be had has its result. */
export const downloadsDownload = defineTopology(downloadsApplicationIds.DOWNLOADS_DOWNLOAD_APPLICATION_ID, { settings: DownloadsSettings }, ({ stream, settings }) => {
  const topics = downloadsTopics(settings)

  const tasks = stream(topics.pending, { name: 'pending' })
    .validate(DownloadTask, { name: 'check-task' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'task' })

  tasks.dlq.to(topics.deadLetters, { name: 'dead-letters', format: 'raw' })
  tasks.dlq
    .process(refuseDownload())
    .to(topics.results, { name: 'refused' })

  const outcomes = tasks.valid
    .processAsync(downloadFile({ settings }))
    .branch({ cached: isCached, failed: isResult }, { name: 'outcome' })

  outcomes.cached.to(topics.cached, { name: 'cached' })
  outcomes.failed.to(topics.results, { name: 'failed' })
})

function isCached (outcome: unknown): outcome is CachedDownload {
  return Check(CachedDownload, outcome)
}

function isResult (outcome: unknown): outcome is DownloadResult {
  return Check(DownloadResult, outcome)
}
