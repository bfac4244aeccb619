/** Asks Postgres in a read-only transaction; rows are objects by column name, still to be parsed. */
export type ReadQuery = (sql: string, params: readonly unknown[]) => Promise<readonly unknown[]>

/** The application id as a schema name. */
export function quoteSchema (applicationId: string): string {
  return `"${applicationId.replaceAll('"', '""')}"`
}

/** invalid_schema_name and undefined_table: no worker has made the schema yet. */
const NOT_THERE = new Set(['3F000', '42P01'])

/** Whether an error, or what caused it, says that the schema or its tables do not exist. */
export function isSchemaMissing (error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && NOT_THERE.has(cause.code)) return true
  }
  return false
}

/** Connection, resources, operator intervention, system: SQLSTATE classes that go away by themselves; and the network's own words. */
const OUTAGE = /^(08|53|57|58|XX)...$|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/

/** What the driver says, without a code, of a connection that went away or never came. */
const CONNECTION_LOST = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** Whether an error, or what caused it, says that the database is away for now. */
export function isOutage (error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && OUTAGE.test(cause.code)) return true
    if (CONNECTION_LOST.test(cause.message)) return true
  }
  return false
}
