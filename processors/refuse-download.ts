import Type from 'typebox'
import { malformedResult } from './downloads/results.ts'
import { DownloadResult } from '../schemas/download-result.ts'
import { defineProcessor, type Rejected } from '../streams/index.ts'

/** What was turned away by a validation; a class, which no schema describes. */
const Refused = Type.Unsafe<Rejected>({})

/** A task that breaks its contract has a result too, as far as it says which file it is about: nobody tries it again. */
export function refuseDownload () {
  return defineProcessor({
    name: 'refuse-download',
    input: Refused,
    output: DownloadResult,
    stores: {},
    process (record, { forward, drop }) {
      const result = malformedResult(record.value.value, record.value.message, record.timestamp)
      if (result === undefined) return drop('no-media-id')
      forward({ ...record, key: result.media_id, value: result })
    }
  })
}
