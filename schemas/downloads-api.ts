import Type, { type Static } from 'typebox'
import { DownloadResult, DownloadStatus } from './download-result.ts'
import { Instant } from './downloads-text.ts'

/** A row of the table of results; what the result did not say is left out. */
export type DownloadRow = Static<typeof DownloadRow>
export const DownloadRow = Type.Object({
  ...DownloadResult.properties,
  created_at: Instant,
  updated_at: Instant
})

export type DownloadsQuery = Static<typeof DownloadsQuery>
export const DownloadsQuery = Type.Object({
  status: Type.Optional(DownloadStatus),
  assignment_id: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$', description: 'Only files of this assignment.' })),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$', description: 'Of the page before.' }))
}, { additionalProperties: false })

export type DownloadPage = Static<typeof DownloadPage>
export const DownloadPage = Type.Object({
  downloads: Type.Array(DownloadRow, { description: 'In the order of their ids.' }),
  cursor: Type.Union([Type.String(), Type.Null()], { description: 'For the page that follows; null: this was the last.' })
})

export type DownloadStats = Static<typeof DownloadStats>
export const DownloadStats = Type.Object({
  total: Type.Integer({ description: 'Files with a result.' }),
  by_status: Type.Object({ completed: Type.Integer(), failed_permanent: Type.Integer(), failed_exhausted: Type.Integer() }),
  by_error_class: Type.Object({ permanent: Type.Integer(), transient: Type.Integer(), auth: Type.Integer(), unknown: Type.Integer() }, { description: 'Of those that failed.' }),
  bytes: Type.Number({ description: 'Of the files in the store.' }),
  attempts: Type.Number({ description: 'Of all files together.' }),
  first_finished_at: Type.Union([Instant, Type.Null()]),
  last_finished_at: Type.Union([Instant, Type.Null()])
})
