import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { DownloadRow, DownloadStats, type DownloadPage, type DownloadsQuery } from '../schemas/downloads-api.ts'
import { isSchemaMissing, quoteSchema, type ReadQuery } from './read-query.ts'
import { Turnstile } from './turnstile.ts'

/** Before the result processor has made its schema nothing has a result. */
export interface DownloadResultsReader {
  readonly find: (mediaId: string) => Promise<DownloadRow | undefined>
  readonly list: (query: DownloadsQuery) => Promise<DownloadPage>
  readonly stats: () => Promise<DownloadStats>
}

export interface DownloadResultsOptions {
  readonly query: ReadQuery
  /** Of the result processor. */
  readonly applicationId: string
}

/** Counting a large table is not to take the connections that everything else needs. */
const BOUNDS = { atOnce: 2, waiting: 100, waitMs: 1_000 }

const Rows = Compile(Type.Array(Type.Object({ row: DownloadRow })))
const Stats = Compile(Type.Array(Type.Object({ stats: DownloadStats })))

/** The table of results, read when asked; beyond its bounds it rejects with `CrowdedError`. */
export function openDownloadResults ({ query, applicationId }: DownloadResultsOptions): DownloadResultsReader {
  const turnstile = new Turnstile(BOUNDS)
  const table = `${quoteSchema(applicationId)}.downloads`

  async function ask (sql: string, params: readonly unknown[]): Promise<readonly unknown[]> {
    try {
      return await turnstile.run(async () => await query(sql, params))
    } catch (error) {
      if (isSchemaMissing(error)) return []
      throw error
    }
  }

  async function find (mediaId: string): Promise<DownloadRow | undefined> {
    const [found] = Rows.Parse(await ask(`select ${ROW} as row from ${table} d where media_id = $1`, [mediaId]))
    return found?.row
  }

  /** One more than wanted tells whether there is a next page. */
  async function list ({ status, assignment_id, limit, cursor }: DownloadsQuery): Promise<DownloadPage> {
    const conditions = [['status =', status], ['assignment_id =', assignment_id], ['media_id >', cursor]].filter(([, value]) => value !== undefined)
    const where = conditions.map(([comparison], index) => `${index === 0 ? 'where' : 'and'} ${comparison} $${index + 2}`).join(' ')
    const rows = Rows.Parse(await ask(`select ${ROW} as row from ${table} d ${where} order by media_id limit $1`, [limit + 1, ...conditions.map(([, value]) => value)]))
    const downloads = rows.slice(0, limit).map(({ row }) => row)
    return { downloads, cursor: rows.length > limit ? downloads.at(-1)?.media_id ?? null : null }
  }

  async function stats (): Promise<DownloadStats> {
    const [counted] = Stats.Parse(await ask(statsSql(table), []))
    return counted?.stats ?? NOTHING
  }

  return { find, list, stats }
}

const INSTANT = (value: string): string => `to_char(${value} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** As JSON, so that every driver gives numbers as numbers and times alike. */
const ROW = `json_strip_nulls(json_build_object(
  'media_id', media_id, 'trace_id', trace_id, 'assignment_id', assignment_id, 'attachment_url', attachment_url, 'blob_path', blob_path, 'status', status,
  'attempts', attempts, 'bytes', bytes, 'sha256', sha256, 'content_type', content_type, 'error_class', error_class, 'error_message', error_message,
  'http_status', http_status, 'download_ms', download_ms, 'upload_ms', upload_ms, 'finished_at', ${INSTANT('finished_at')},
  'created_at', ${INSTANT('created_at')}, 'updated_at', ${INSTANT('updated_at')}
))`

const NOTHING: DownloadStats = {
  total: 0,
  by_status: { completed: 0, failed_permanent: 0, failed_exhausted: 0 },
  by_error_class: { permanent: 0, transient: 0, auth: 0, unknown: 0 },
  bytes: 0,
  attempts: 0,
  first_finished_at: null,
  last_finished_at: null
}

function statsSql (table: string): string {
  const count = (column: string, values: readonly string[]): string => values.map(value => `'${value}', count(*) filter (where ${column} = '${value}')`).join(', ')
  return `select json_build_object(
    'total', count(*),
    'by_status', json_build_object(${count('status', Object.keys(NOTHING.by_status))}),
    'by_error_class', json_build_object(${count('error_class', Object.keys(NOTHING.by_error_class))}),
    'bytes', coalesce(sum(bytes) filter (where status = 'completed'), 0), 'attempts', coalesce(sum(attempts), 0),
    'first_finished_at', ${INSTANT('min(finished_at)')}, 'last_finished_at', ${INSTANT('max(finished_at)')}
  ) as stats from ${table}`
}
