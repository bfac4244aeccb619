import type { Command } from 'commander'
import { openLedger, type Ledger } from '../../../streams/runtime.ts'
import { FatalError, type Log } from '../../../streams/index.ts'
import { withConnections, withPerhapsPostgres } from '../connections.ts'
import { sentenceOf } from '../sentence.ts'
import type { TopicOptions } from './options.ts'

export interface ReadingOptions extends TopicOptions {
  readonly all?: true
}

export interface Reading {
  readonly log: Log
  /** undefined: Postgres was not needed and did not answer. */
  readonly ledger: Ledger | undefined
}

export function addAll (command: Command): Command {
  return command.option('--all', 'also what has been replayed; does without Postgres where that does not answer')
}

/** Opens what a look at dead letters needs. What is hidden has to be known, what is shown may be shown without. */
export async function withReading<T> (options: ReadingOptions, work: (reading: Reading) => Promise<T>): Promise<T> {
  const { topic, all } = options
  if (all !== true) {
    return await withConnections(options, async ({ log, database }) => await work({ log, ledger: openLedger({ database, identity: await log.identify([topic]), topic }) }))
      .catch((error: unknown) => {
        if (!(error instanceof FatalError) || !error.message.startsWith('Postgres at ')) throw error
        throw new FatalError(`${error.message} It says what was replayed; --all does without it.`, { cause: error })
      })
  }
  const missing = (error: unknown): void => { process.stderr.write(`millrace: ${sentenceOf(error)} What was replayed is not known.\n`) }
  return await withPerhapsPostgres(options, missing, async ({ log, database }) => {
    return await work({ log, ledger: database && openLedger({ database, identity: await log.identify([topic]), topic }) })
  })
}
