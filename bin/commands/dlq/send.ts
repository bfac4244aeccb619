import { type Command } from 'commander'
import { FatalError, type Log } from '../../../streams/index.ts'
import { replay, type Database, type ReplayOptions, type ReplayReport } from '../../../streams/runtime.ts'
import { ask, canAsk } from './ask.ts'
import { readCount } from './options.ts'
import { note } from './output.ts'

/** What replay and edit have in common. */
export interface SendOptions {
  readonly to?: string
  readonly maxReplays: number
  readonly resendUnsure?: true
  readonly json?: true
}

export function addSending (command: Command): Command {
  return command
    .option('--to <topic>', 'another topic than the one that each comes from')
    .option('--max-replays <count>', 'refuse what has been replayed so often and failed again', readCount, 5)
    .option('--resend-unsure', 'send again what an earlier replay had perhaps sent when it was ended, where nothing tells whether it had')
    .option('--json', 'print JSON')
}

type Sending = Pick<ReplayOptions, 'topic' | 'letters' | 'dryRun' | 'limit' | 'rate' | 'progressed'>

/** Replays, saying what it waits for and asking what it cannot know. Ctrl-C ends it behind what is being sent. */
export async function send ({ log, database }: { readonly log: Log, readonly database: Database }, sending: Sending, { to, maxReplays, resendUnsure }: SendOptions): Promise<ReplayReport> {
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return await replay({
      log,
      database,
      ...sending,
      to,
      maxReplays,
      signal: interrupted.signal,
      waiting: () => note(`Somebody else is replaying from '${sending.topic}'; waiting up to 30 s for the end of that.`),
      settling: (count, inMs) => note(`An earlier replay was ended when ${letters(count)} ${count === 1 ? 'was' : 'were'} about to be sent; looking up what became of ${count === 1 ? 'it' : 'them'}${inMs > 1_000 ? `, in ${Math.ceil(inMs / 1_000)} s` : ''}.`),
      resendUnsure: async count => resendUnsure === true || (canAsk() && await ask(`${letters(count)} ${count === 1 ? 'was' : 'were'} perhaps sent by an earlier replay, and nothing tells whether. Send again?`))
    })
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

export function reportText ({ sent, alreadySent, unsure, refused, stopped }: ReplayReport, dryRun: boolean): string {
  const total = [...sent.values()].reduce((sum, count) => sum + count, 0)
  const lines = [
    `${dryRun ? 'Would send' : 'Sent'} ${letters(total)}${sent.size === 0 ? '' : `: ${[...sent].map(([topic, count]) => `${count} to '${topic}'`).join(', ')}`}.`,
    ...alreadySent === 0 ? [] : [`${alreadySent} ${alreadySent === 1 ? 'was' : 'were'} replayed before and ${alreadySent === 1 ? 'is' : 'are'} not sent again.`],
    ...unsure === 0 ? [] : [`${unsure} ${unsure === 1 ? 'was' : 'were'} perhaps sent by an earlier replay and ${unsure === 1 ? 'is' : 'are'} left out; --resend-unsure sends them.`],
    ...[...refused].map(([reason, { count, first }]) => `${count} ${count === 1 ? 'is' : 'are'} left out (the first is ${first.partition}:${first.offset}): ${reason}.`),
    ...stopped === 'limit' ? ['There are more: --limit has ended it here.'] : [],
    ...stopped === 'signal' ? ['It was ended on the way; the same command goes on from here.'] : []
  ]
  return lines.join('\n') + '\n'
}

export function reportJson ({ replayId, sent, alreadySent, unsure, refused, stopped }: ReplayReport, dryRun: boolean): string {
  return JSON.stringify({
    dryRun, replayId, sent: Object.fromEntries(sent), alreadySent, unsure, refused: [...refused].map(([reason, { count, first }]) => ({ reason, count, first })), stopped: stopped ?? null
  }, undefined, 2) + '\n'
}

/** What was asked for and not done makes the command fail, for scripts. */
export function failWhereLeftOut ({ unsure, refused, stopped }: ReplayReport): void {
  if (unsure > 0 || refused.size > 0 || stopped === 'signal') process.exitCode = 1
}

function letters (count: number): string {
  return `${count} dead ${count === 1 ? 'letter' : 'letters'}`
}

/** Kafka's and Postgres' own words say what failed; this says what it means here. */
export function duringSend (error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof FatalError) return error
  return new FatalError(`The replay was ended: ${error.message} What was sent is written down; the same command finds out about the rest and goes on.`, { cause: error })
}
