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
