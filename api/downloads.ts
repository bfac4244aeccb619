import Type from 'typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DownloadPage, DownloadRow, DownloadsQuery, DownloadStats } from '../schemas/downloads-api.ts'
import type { ErrorAnswer } from '../schemas/error-answer.ts'
import type { DownloadResultsReader } from '../stores/download-results.ts'
import { errorAnswers } from './errors.ts'

const tags = ['downloads']
const MediaId = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$', description: 'UUIDv5, in the URL namespace, of trace_id, a colon and the URL.' })

const listSchema = { summary: 'What became of files, in the order of their ids', tags, querystring: DownloadsQuery, response: { 200: DownloadPage, ...errorAnswers } }
const statsSchema = { summary: 'How many files came to what', tags, response: { 200: DownloadStats, ...errorAnswers } }
const oneSchema = { summary: 'What became of a file', tags, params: Type.Object({ media_id: MediaId }), response: { 200: DownloadRow, ...errorAnswers } }

/** GET /downloads, /downloads/stats and /downloads/{media_id}: the results of the downloads pipeline. */
export const downloads: FastifyPluginAsyncTypebox<{ readonly downloads: DownloadResultsReader }> = async (app, { downloads }) => {
  app.get('/downloads', { schema: listSchema }, async ({ query }) => await downloads.list(query))

  app.get('/downloads/stats', { schema: statsSchema }, async () => await downloads.stats())

  app.get('/downloads/:media_id', { schema: oneSchema }, async ({ params: { media_id } }, reply) => {
    const found = await downloads.find(media_id)
    if (found !== undefined) return found
    const answer: ErrorAnswer = { error: 'not_found', message: 'There is no result of this file; it may be on its way still.', details: [] }
    return reply.code(404).send(answer)
  })
}
