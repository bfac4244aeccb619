import { storeResult } from '../processors/store-result.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { downloadsApplicationIds, DownloadsSettings } from '../schemas/downloads-settings.ts'
import { downloadLog } from '../stores/download-log.ts'
import { defineTopology, isRejected, isValid } from '../streams/index.ts'
import { downloadsTopics } from './downloads-topics.ts'

/** The result processor: what became of every file, as a table. */
export const downloadsResults = defineTopology(downloadsApplicationIds.DOWNLOADS_RESULTS_APPLICATION_ID, { settings: DownloadsSettings }, ({ stream, settings }) => {
  const topics = downloadsTopics(settings)

  const results = stream(topics.results, { name: 'results' })
    .validate(DownloadResult, { name: 'check-result' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'result' })

  results.dlq.to(topics.deadLetters, { name: 'result-dead-letters', format: 'raw' })
  results.valid.process(storeResult({ into: downloadLog }))
})
