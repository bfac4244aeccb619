import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Database } from '../state/postgres/database.ts'
import { quote } from '../state/postgres/sql.ts'

export interface ReportingOptions {
  readonly database: Database
  readonly applicationId: string
  readonly workerId: string
  /** What this worker says of itself, as JSON. */
  readonly status: () => object
  readonly logger: Logger
}

const EVERY_MS = 1_000

/** Writes this worker's status row every second, and takes it away at the end. While Postgres is away nothing is written, and nothing waits. */
export function startReporting ({ database, applicationId, workerId, status, logger }: ReportingOptions): { readonly stop: () => Promise<void> } {
  const table = `${quote(applicationId)}.millrace_workers`
  let writing: Promise<void> | undefined
  const write = async (): Promise<void> => {
    await database.query({
      text: `insert into ${table} as t (worker_id, status) values ($1, $2) on conflict (worker_id) do update set updated_at = now(), status = excluded.status`,
      values: [workerId, JSON.stringify(status())]
    })
  }
  const timer = setInterval(() => {
    writing ??= write().catch(error => logger.debug({ error: messageOf(error) }, 'status not written')).finally(() => { writing = undefined })
  }, EVERY_MS)
  return {
    async stop () {
      clearInterval(timer)
      await writing
      await database.query({ text: `delete from ${table} where worker_id = $1`, values: [workerId] }).catch(() => {})
    }
  }
}
