import { PGlite } from '@electric-sql/pglite'
import type { TestContext } from 'node:test'
import type { ReadQuery } from '../../stores/read-query.ts'

export interface TestDatabase {
  readonly query: ReadQuery
  readonly exec: (sql: string) => Promise<unknown>
}

/** A Postgres in this process, closed with the test. */
export async function openPglite (t: TestContext): Promise<TestDatabase> {
  const db = await PGlite.create()
  t.after(async () => await db.close())
  return {
    query: async (sql, params) => (await db.query(sql, [...params])).rows,
    exec: async sql => await db.exec(sql)
  }
}
