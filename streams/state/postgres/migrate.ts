import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database, Session } from './database.ts'
import { inTransaction, schemaLock } from './engine-schema.ts'
import { quote } from './sql.ts'

/**
 * Applies the numbered SQL files of a folder that the schema's ledger lacks, one transaction each, in order of their names.
 * Their tables are named without a schema. Safe when several workers start at once: they take turns.
 *
 * Returns the names it applied.
 */
export async function migrate (database: Database, applicationId: string, folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.sql')).sort()
  const applied: string[] = []
  for (const file of files) {
    const sql = await readFile(join(folder, file), 'utf8')
    if (await inTransaction(database, async session => await apply(session, applicationId, file, sql))) applied.push(file)
  }
  return applied
}

async function apply (session: Session, applicationId: string, file: string, sql: string): Promise<boolean> {
  await session.query({ text: `select ${schemaLock(applicationId)}` })
  // Ledger row first: whoever comes second finds it and applies nothing.
  const isNew = await session.query({
    text: `insert into ${quote(applicationId)}.millrace_migrations (name) values ($1) on conflict do nothing returning name`,
    values: [file]
  })
  if (isNew.length === 0) return false
  await session.query({ text: `set local search_path = ${quote(applicationId)}` })
  await session.query({ text: sql })
  return true
}
