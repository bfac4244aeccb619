import { FatalError } from '../../errors.ts'
import { condemnedTable } from './condemned.ts'
import type { Database, Session } from './database.ts'
import { quote } from './sql.ts'
import { parkedTable } from './parked-sql.ts'
import { unitsTable } from './units-sql.ts'

/**
 * The engine's own tables, in the schema that bears the application id's name.
 *
 * The generation is made with the schema: a reset makes another, so that whoever still writes for the old one loses its next compare.
 */
export interface EngineSchema {
  readonly applicationId: string
  readonly generation: string
}

const FORMAT = 1

/** Names that Postgres keeps for itself, or that other programs look into. */
export function checkApplicationId (applicationId: string): void {
  if (!/^[A-Za-z0-9._-]{1,63}$/.test(applicationId)) {
    throw new FatalError(`Application id ${JSON.stringify(applicationId)}: it names a consumer group, a Postgres schema and a Redis prefix, so it has 1 to 63 letters, digits, '.', '_' or '-'.`)
  }
  if (applicationId === 'public' || applicationId === 'information_schema' || applicationId.startsWith('pg_')) {
    throw new FatalError(`Application id '${applicationId}' is a schema of Postgres' own; choose another.`)
  }
}

/** A role that is granted something. Quoted, `public` and `none` are still no roles but words of the language; a name that is too long would be cut to that of another role. */
export function checkRoleName (role: string): void {
  if (Buffer.byteLength(role) > 63) throw new FatalError(`Role ${JSON.stringify(role)}: Postgres cuts names after 63 bytes, so it would be another role.`)
  if (role === 'public' || role === 'none' || role.startsWith('pg_')) throw new FatalError(`Role '${role}' is Postgres' own and not one reader; make a role that may only read, and name that.`)
}

/** The same number for everyone who makes, migrates or resets this application id: they take turns. */
export function schemaLock (applicationId: string): string {
  return `pg_advisory_xact_lock(${lockKey(applicationId)})`
}

/** The same lock, held over several transactions: until the session gives it back or ends. */
export function schemaSessionLock (applicationId: string): { readonly take: string, readonly giveBack: string } {
  return { take: `pg_advisory_lock(${lockKey(applicationId)})`, giveBack: `pg_advisory_unlock(${lockKey(applicationId)})` }
}

function lockKey (applicationId: string): string {
  return `hashtextextended('millrace schema ' || ${literal(applicationId)}, 0)`
}

/** Makes the schema where it is missing. Safe when several workers start at once. */
export async function ensureEngineSchema (database: Database, applicationId: string): Promise<EngineSchema> {
  checkApplicationId(applicationId)
  return await inTransaction(database, async session => {
    await session.query({ text: `select ${schemaLock(applicationId)}` })
    if (!await schemaExists(session, applicationId)) await createEngineSchema(session, applicationId)
    const found = await readEngineSchema(session, applicationId)
    if (found === undefined) {
      throw new FatalError(`Schema '${applicationId}' exists but was not made by Millrace; nothing in it was touched. Choose another application id, or rename that schema.`)
    }
    await addMissing(session, applicationId)
    return found
  })
}

/** What schemas of before do not have. Looked for first, so that who may not make tables can start where it is. */
async function addMissing (session: Session, applicationId: string): Promise<void> {
  const schema = quote(applicationId)
  for (const [name, definition] of [['millrace_poison', condemnedTable], ['millrace_units', unitsTable], ['millrace_parked', parkedTable]] as const) {
    const [[table] = []] = await session.query({ text: 'select to_regclass($1)', values: [`${schema}.${name}`] })
    if (table === null) await session.query({ text: definition(schema) })
  }
  const columns = await session.query({ text: 'select attname from pg_attribute where attrelid = to_regclass($1)', values: [`${schema}.millrace_tasks`] })
  for (const name of ['times', 'finished']) {
    if (!columns.some(([column]) => column === name)) await session.query({ text: `alter table ${schema}.millrace_tasks add column ${name} jsonb not null default '{}'` })
  }
}

/** undefined: there is no such application here. */
export async function readEngineSchema (on: Pick<Database, 'query'>, applicationId: string): Promise<EngineSchema | undefined> {
  const [marker] = await on.query({ text: 'select to_regclass($1) is not null', values: [`${quote(applicationId)}.millrace_application`] })
  if (marker?.[0] !== 't') return undefined
  const [row] = await on.query({ text: `select generation, format from ${quote(applicationId)}.millrace_application` })
  if (row?.[0] === undefined || row[0] === null) return undefined
  if (Number(row[1]) !== FORMAT) {
    throw new FatalError(`Schema '${applicationId}' has format ${row[1]} and this version of Millrace reads format ${FORMAT}; run the version that made it, or reset the application id.`)
  }
  return { applicationId, generation: row[0] }
}

export async function schemaExists (session: Pick<Session, 'query'>, applicationId: string): Promise<boolean> {
  return (await session.query({ text: 'select 1 from pg_namespace where nspname = $1', values: [applicationId] })).length > 0
}

/** Needs the schema lock. */
export async function createEngineSchema (session: Pick<Session, 'query'>, applicationId: string): Promise<void> {
  for (const text of definition(quote(applicationId))) await session.query({ text })
  await session.query({
    text: `insert into ${quote(applicationId)}.millrace_application (application_id, format) values ($1, $2)`,
    values: [applicationId, FORMAT]
  })
}

export async function inTransaction<T> (database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await database.session()
  let broken = true
  try {
    await session.query({ text: 'begin' })
    const result = await work(session)
    await session.query({ text: 'commit' })
    broken = false
    return result
  } catch (error) {
    await session.query({ text: 'rollback' }).then(() => { broken = false }, () => {})
    throw error
  } finally {
    session.release(broken)
  }
}

function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function definition (schema: string): string[] {
  return [
    `create schema ${schema}`,
    `create table ${schema}.millrace_application (
      singleton boolean primary key default true check (singleton),
      application_id text not null,
      generation uuid not null default gen_random_uuid(),
      format integer not null,
      made_at timestamptz not null default now()
    )`,
    // Versions of projected values: taken by the writing statement, so that a later write has a higher one.
    `create sequence ${schema}.millrace_version`,
    // Half-empty pages: every unit updates its row, and finds room for the new version beside the old.
    `create table ${schema}.millrace_tasks (
      sub_topology text collate "C",
      partition integer,
      epoch bigint not null,
      unit bigint not null,
      offsets jsonb not null,
      stream_time bigint not null,
      times jsonb not null default '{}',
      finished jsonb not null default '{}',
      owner text not null,
      primary key (sub_topology, partition)
    ) with (fillfactor = 50)`,
    // How many partitions an input had when the id first saw it: those that appear later begin at their first record.
    `create table ${schema}.millrace_inputs (topic text collate "C" primary key, partitions integer not null)`,
    // Where a reset wants partitions to start that have no position yet; a row goes when its task is taken over.
    `create table ${schema}.millrace_starts (
      topic text collate "C",
      partition integer,
      "offset" bigint not null,
      primary key (topic, partition)
    )`,
    condemnedTable(schema),
    unitsTable(schema),
    parkedTable(schema),
    `create table ${schema}.millrace_outbox (
      id bigint generated always as identity primary key,
      made_at timestamptz not null default clock_timestamp(),
      tasks text not null,
      changes text not null
    )`,
    `alter table ${schema}.millrace_outbox alter column changes set storage external`,
    `create table ${schema}.millrace_workers (worker_id text collate "C" primary key, updated_at timestamptz not null default now(), status jsonb not null)`,
    `create table ${schema}.millrace_catalogue (kind text collate "C", name text collate "C", primary key (kind, name))`,
    `create table ${schema}.millrace_migrations (name text collate "C" primary key, applied_at timestamptz not null default now())`
  ]
}
