import pg from 'pg'

/** A statement with its parameters. A prepared one is parsed and planned once per connection; its text must come from a small set. */
export interface Statement {
  readonly prepared?: boolean
  readonly text: string
  readonly values?: readonly unknown[]
}

/** Rows as the server wrote them: text or null, in the order of the select list. */
export type TextRow = readonly (string | null)[]

/** One connection, ours alone. Statements may be sent without waiting for the one before; they run in the order sent. */
export interface Session {
  readonly query: (statement: Statement) => Promise<readonly TextRow[]>
  /** After an error of the connection it is thrown away, else used again. */
  readonly release: (broken: boolean) => void
}

/** A Postgres: a server, or PGlite in this process. */
export interface Database {
  readonly session: () => Promise<Session>
  readonly query: (statement: Statement) => Promise<readonly TextRow[]>
  /** Rows as objects, with values as the driver reads them, in a transaction that cannot write. */
  readonly readObjects: (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>
  readonly close: () => Promise<void>
}

export interface PostgresOptions {
  readonly url: string
  readonly applicationName: string
  readonly maxConnections: number
  /** Every statement refused that would write: for the read API. */
  readonly readOnly?: boolean
  /** Rolls back a transaction whose client went silent, so that a frozen worker's locks hold nobody up. */
  readonly idleInTransactionTimeoutMs?: number
  readonly lockTimeoutMs?: number
  readonly statementTimeoutMs?: number
  /** Plans use indexes wherever there is one: where every statement looks keys up, and a plan made while its table was empty would go on reading all of it. */
  readonly byIndex?: boolean
  readonly onError?: (error: Error) => void
}

export function openPostgres (options: PostgresOptions): Database {
  return databaseOn(new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.maxConnections,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
    pipeline: true,
    options: [
      ...(options.readOnly === true ? ['-c default_transaction_read_only=on'] : []),
      // The server notices a dead client within seconds, not hours: its locks go with it.
      '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3',
      // Statements on small arrays gain nothing from compilation, and pay for it.
      '-c jit=off',
      ...(options.byIndex === true ? ['-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'] : []),
      ...(options.idleInTransactionTimeoutMs === undefined ? [] : [`-c idle_in_transaction_session_timeout=${options.idleInTransactionTimeoutMs}`]),
      ...(options.lockTimeoutMs === undefined ? [] : [`-c lock_timeout=${options.lockTimeoutMs}`]),
      ...(options.statementTimeoutMs === undefined ? [] : [`-c statement_timeout=${options.statementTimeoutMs}`])
    ].join(' ')
  }), options.onError)
}

/** Wraps a pool of pg's; PGlite's adapter makes one of a single connection. */
export function databaseOn (pool: pg.Pool, onError: (error: Error) => void = () => {}): Database {
  // Without a listener a connection that breaks would end the process. The pool listens while it is idle; the one of its own
  // is there from before it is handed out until it is gone, since the server may end it in between.
  pool.on('error', () => {})
  pool.on('connect', client => { client.on('error', onError) })
  return {
    async session () {
      const client = await pool.connect()
      return {
        query: async statement => await run(client, statement),
        release: broken => client.release(broken)
      }
    },
    query: async statement => await run(pool, statement),
    async readObjects (text, values) {
      const client = await pool.connect()
      let broken = true
      try {
        const [, { rows }] = await Promise.all([client.query('begin read only'), client.query(text, [...values]), client.query('commit')])
        broken = false
        return rows
      } catch (error) {
        await client.query('rollback').then(() => { broken = false }, () => {})
        throw error
      } finally {
        client.release(broken)
      }
    },
    async close () {
      await pool.end()
    }
  }
}

async function run (on: pg.Pool | pg.PoolClient, { prepared = false, text, values }: Statement): Promise<readonly TextRow[]> {
  const result = await on.query<(string | null)[]>({
    ...(prepared ? { name: nameOf(text) } : {}),
    text,
    ...(values === undefined ? {} : { values: [...values] }),
    rowMode: 'array',
    types: TEXT
  })
  // A migration's several statements in one text give several results, and no rows that anybody wants.
  return Array.isArray(result) ? [] : result.rows
}

const names = new Map<string, string>()

/** Postgres cuts names after 63 bytes, so a statement's own words would not do. */
function nameOf (text: string): string {
  let name = names.get(text)
  if (name === undefined) names.set(text, name = `millrace_${names.size}`)
  return name
}

/** Values stay the text that came: each store knows what its columns hold. */
const TEXT = { getTypeParser: () => (text: string) => text }
