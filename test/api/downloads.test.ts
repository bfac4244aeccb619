import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import type { DownloadRow, DownloadsQuery } from '../../schemas/downloads-api.ts'
import type { DownloadResultsReader } from '../../stores/download-results.ts'
import { CrowdedError } from '../../stores/turnstile.ts'
import { openApi } from '../helpers/api.ts'

const row: DownloadRow = {
  media_id: 'm1',
  trace_id: 't1',
  assignment_id: 'A1',
  attachment_url: 'https://files.example.com/a.pdf',
  blob_path: 'documents/A1/m1.pdf',
  status: 'completed',
  attempts: 2,
  bytes: 5_000_000_000,
  finished_at: '2026-01-01T00:00:01.500Z',
  created_at: '2026-01-01T00:00:02.000Z',
  updated_at: '2026-01-01T00:00:02.000Z'
}

const stats = {
  total: 1,
  by_status: { completed: 1, failed_permanent: 0, failed_exhausted: 0 },
  by_error_class: { permanent: 0, transient: 0, auth: 0, unknown: 0 },
  bytes: 5_000_000_000,
  attempts: 2,
  first_finished_at: '2026-01-01T00:00:01.500Z',
  last_finished_at: null
}

/** Knows one file, and notes what it was asked. */
function readerOf (asked: DownloadsQuery[] = []): DownloadResultsReader {
  return {
    find: async id => id === 'm1' ? row : undefined,
    list: async query => {
      asked.push({ ...query })
      return { downloads: [row], cursor: 'm1' }
    },
    stats: async () => stats
  }
}

void test('/downloads/{media_id} is what became of a file', async t => {
  const app = openApi(t, { readers: { downloads: readerOf() } })

  deepEqual((await app.inject('/downloads/m1')).json(), row)
  const missing = await app.inject('/downloads/m2')
  deepEqual([missing.statusCode, missing.json().error], [404, 'not_found'])
})

void test('/downloads hands its filters on, and answers with a page', async t => {
  const asked: DownloadsQuery[] = []
  const app = openApi(t, { readers: { downloads: readerOf(asked) } })

  deepEqual((await app.inject('/downloads')).json(), { downloads: [row], cursor: 'm1' })
  await app.inject('/downloads?status=failed_permanent&assignment_id=A%2F1&limit=5&cursor=m0')

  deepEqual(asked, [{ limit: 100 }, { status: 'failed_permanent', assignment_id: 'A/1', limit: 5, cursor: 'm0' }])
})

void test('a filter that nobody can mean is refused', async t => {
  const app = openApi(t, { readers: { downloads: readerOf() } })

  for (const query of ['status=done', 'limit=0', 'limit=1001', 'limit=x', 'cursor=', 'state=completed', 'assignment_id=%00']) equal((await app.inject(`/downloads?${query}`)).statusCode, 400, query)
  equal((await app.inject('/downloads/%00')).statusCode, 400)
})

void test('/downloads/stats is how many came to what', async t => {
  deepEqual((await openApi(t, { readers: { downloads: readerOf() } }).inject('/downloads/stats')).json(), stats)
})

void test('who asks while too many do is told to ask again', async t => {
  const crowded: DownloadResultsReader = { ...readerOf(), stats: async () => { throw new CrowdedError('100 wait already.') } }
  const answer = await openApi(t, { readers: { downloads: crowded } }).inject('/downloads/stats')

  deepEqual([answer.statusCode, answer.json().error], [503, 'unavailable'])
  match(answer.json().message, /ask again later/)
})
