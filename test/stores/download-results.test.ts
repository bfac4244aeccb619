import { deepEqual, equal, rejects } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { openDownloadResults, type DownloadResultsReader } from '../../stores/download-results.ts'
import { openPglite } from '../helpers/pglite.ts'

const ID = 'xact-result-processor'
const migration = readFileSync(new URL('../../migrations/xact-result-processor/0001-downloads.sql', import.meta.url), 'utf8')

async function openResults (t: TestContext, rows: string): Promise<DownloadResultsReader> {
  const { query, exec } = await openPglite(t)
  await exec(`create schema "${ID}"; set search_path = "${ID}"; ${migration}; ${rows}`)
  return openDownloadResults({ query, applicationId: ID })
}

const insert = (values: string): string => `insert into downloads (media_id, trace_id, assignment_id, attachment_url, blob_path, status, attempts, bytes, error_class, http_status, finished_at, created_at, updated_at) values ${values};`
const times = "'2026-01-01T00:00:01.5Z', '2026-01-01T00:00:02Z', '2026-01-01T00:00:02Z'"
const four = insert(`
  ('m1', 't', 'A1', 'u', 'b', 'completed', 1, 5000000000, null, null, ${times}), ('m2', 't', 'A2', 'u', 'b', 'completed', 2, 10, null, null, ${times}),
  ('m3', 't', 'A1', 'u', 'b', 'failed_permanent', 1, null, 'permanent', 404, ${times}), ('m4', 't', null, 'u', 'b', 'failed_exhausted', 5, 7, 'auth', null, '2026-01-02T00:00:00Z', now(), now())`)

void test('before there is a schema nothing has a result', async t => {
  const results = openDownloadResults({ query: (await openPglite(t)).query, applicationId: ID })

  equal(await results.find('m1'), undefined)
  deepEqual(await results.list({ limit: 10 }), { downloads: [], cursor: null })
  deepEqual(await results.stats(), {
    total: 0, by_status: { completed: 0, failed_permanent: 0, failed_exhausted: 0 }, by_error_class: { permanent: 0, transient: 0, auth: 0, unknown: 0 }, bytes: 0, attempts: 0, first_finished_at: null, last_finished_at: null
  })
})

void test('a file is found by its id, without what its result does not say', async t => {
  const results = await openResults(t, four)

  deepEqual(await results.find('m3'), {
    media_id: 'm3',
    trace_id: 't',
    assignment_id: 'A1',
    attachment_url: 'u',
    blob_path: 'b',
    status: 'failed_permanent',
    attempts: 1,
    error_class: 'permanent',
    http_status: 404,
    finished_at: '2026-01-01T00:00:01.500Z',
    created_at: '2026-01-01T00:00:02.000Z',
    updated_at: '2026-01-01T00:00:02.000Z'
  })
  equal((await results.find('m1'))?.bytes, 5_000_000_000)
  equal(await results.find("m1' or true --"), undefined)
})

void test('a list goes by id, page by page, each file once', async t => {
  const results = await openResults(t, four)
  const ids = async (query: Parameters<typeof results.list>[0]): Promise<[string[], string | null]> => {
    const { downloads, cursor } = await results.list(query)
    return [downloads.map(({ media_id: id }) => id), cursor]
  }

  deepEqual(await ids({ limit: 3 }), [['m1', 'm2', 'm3'], 'm3'])
  deepEqual(await ids({ limit: 3, cursor: 'm3' }), [['m4'], null])
  deepEqual(await ids({ limit: 4 }), [['m1', 'm2', 'm3', 'm4'], null])
  deepEqual(await ids({ limit: 10, status: 'completed' }), [['m1', 'm2'], null])
  deepEqual(await ids({ limit: 10, assignment_id: 'A1' }), [['m1', 'm3'], null])
  deepEqual(await ids({ limit: 1, assignment_id: 'A1', status: 'completed', cursor: 'm0' }), [['m1'], null])
})

void test('the numbers are those of the table', async t => {
  const results = await openResults(t, four)

  deepEqual(await results.stats(), {
    total: 4,
    by_status: { completed: 2, failed_permanent: 1, failed_exhausted: 1 },
    by_error_class: { permanent: 1, transient: 0, auth: 1, unknown: 0 },
    bytes: 5_000_000_010,
    attempts: 9,
    first_finished_at: '2026-01-01T00:00:01.500Z',
    last_finished_at: '2026-01-02T00:00:00.000Z'
  })
})

void test('an error of the database is nobody else\'s', async () => {
  const results = openDownloadResults({ query: async () => { throw new Error('gone') }, applicationId: ID })

  await rejects(results.stats(), /gone/)
})
