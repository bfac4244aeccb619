import type { Database, Statement, TextRow } from './database.ts'

/** One snapshot for all: with read committed each statement would take its own. */
const BEGIN = 'begin isolation level repeatable read read only'

/** Sends statements together; rows for each, none where nothing was asked. */
export type Ask = (statements: readonly (Statement | undefined)[]) => Promise<readonly (readonly TextRow[])[]>

/** Asks as often as `work` wants to, all of it of one moment, in a transaction that cannot write. */
export async function look<T> (database: Pick<Database, 'session'>, work: (ask: Ask) => Promise<T>): Promise<T> {
  const session = await database.session()
  // Nobody waits for this one: the first statements are sent behind it, and fail where it did.
  const begun = session.query({ text: BEGIN })
  try {
    return await work(async statements => {
      const [, ...rows] = await Promise.all([begun, ...statements.map(async statement => statement === undefined ? [] : await session.query(statement))])
      return rows
    })
  } finally {
    // Ends the transaction after an error as well. The answer is there, so nobody waits for this either.
    void session.query({ text: 'commit' }).then(() => session.release(false), () => session.release(true))
  }
}
