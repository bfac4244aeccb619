import { Check } from 'typebox/value'
import { refuseDownload } from '../processors/refuse-download.ts'
import { uploadFile } from '../processors/upload-file.ts'
import { CachedDownload } from '../schemas/cached-download.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { DownloadTask } from '../schemas/download-task.ts'
import { downloadsApplicationIds, DownloadsSettings } from '../schemas/downloads-settings.ts'
import { defineTopology, isRejected, isValid } from '../streams/index.ts'
import { downloadsTopics } from './downloads-topics.ts'

/** The upload worker: files of the cache come into the store, and each has its result; one that is gone is fetched again. */
export const downloadsUpload = defineTopology(downloadsApplicationIds.DOWNLOADS_UPLOAD_APPLICATION_ID, { settings: DownloadsSettings }, ({ stream, settings }) => {
  const topics = downloadsTopics(settings)

  const files = stream(topics.cached, { name: 'cached' })
    .validate(CachedDownload, { name: 'check-file' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'file' })

  files.dlq.to(topics.deadLetters, { name: 'dead-letters', format: 'raw' })
  files.dlq
    .process(refuseDownload())
    .to(topics.results, { name: 'refused' })

  const outcomes = files.valid
    .processAsync(uploadFile({ settings }))
    .branch({ finished: isResult, again: isTask }, { name: 'outcome' })

  outcomes.finished.to(topics.results, { name: 'finished' })
  outcomes.again.to(topics.pending, { name: 'fetch-again' })
})

function isResult (outcome: unknown): outcome is DownloadResult {
  return Check(DownloadResult, outcome)
}

function isTask (outcome: unknown): outcome is DownloadTask {
  return Check(DownloadTask, outcome)
}
