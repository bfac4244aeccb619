import type { Database, Statement, TextRow } from './database.ts'

/** One snapshot for all: with read committed each statement would take its own. */
const BEGIN = 'begin isolation level repeatable read read only'

/** Sends the statements together, in a transaction that cannot write; an answer for each, none where nothing was asked. */
export async function look (database: Pick<Database, 'session'>, statements: readonly (Statement | undefined)[]): Promise<readonly (readonly TextRow[])[]> {
  const session = await database.session()
  const begun = session.query({ text: BEGIN })
  const answers = statements.map(async statement => statement === undefined ? [] : await session.query(statement))
  // Ends the transaction after an error as well.
  const ended = session.query({ text: 'commit' }).then(() => false, () => true)
  try {
    const [, ...rows] = await Promise.all([begun, ...answers])
    return rows
  } finally {
    session.release(await ended)
  }
}
