import { Option, type Command } from 'commander'
import { FatalError, type Log } from '../../../streams/index.ts'
import { openLedger, rangesOf, type Ledger } from '../../../streams/runtime.ts'
import { withConnections } from '../connections.ts'
import { table } from '../table.ts'
import { ask, canAsk } from './ask.ts'
import { addTopic, readPlace, type Place, type TopicOptions } from './options.ts'
import { note, print } from './output.ts'

interface PurgeOptions extends TopicOptions {
  readonly before: readonly Place[]
  readonly all?: true
  readonly yes?: true
  readonly json?: true
}

interface Purge extends Place {
  readonly topic: string
  /** The first record that is there. */
  readonly from: number
}

export function addPurge (dlq: Command): Command {
  const command = dlq.command('purge')
    .summary('Delete dead letters for good, up to a position.')
    .description('Delete dead letters for good, from the beginning of each partition up to a position, and with them what is written down of their replays.')
  return addTopic(command)
    .addOption(new Option('--before <partition:offset>', 'delete what lies before this one; give it several times for several partitions').argParser(addPlace).default([], 'none'))
    .option('--all', 'delete all that is there now')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(async (options: PurgeOptions) => {
      const { topic, yes, json } = options
      await withConnections(options, async ({ log, database }) => {
        const ledger = openLedger({ database, identity: await log.identify([topic]), topic })
        const purges = await planOf(log, options)
        const count = purges.reduce((sum, { from, offset }) => sum + offset - from, 0)
        if (count === 0) return json === true ? await print(asJson(purges, 0)) : note(`There is nothing to delete in '${topic}'.`)
        if (yes !== true) await confirm(purges, count, ledger, topic)
        await log.deleteRecords(purges)
        await ledger.forgetBefore(purges)
        if (json === true) await print(asJson(purges, count))
        else note(`Deleted ${count} ${count === 1 ? 'record' : 'records'} of '${topic}'.`)
      })
    })
}

function addPlace (text: string, before: readonly Place[]): Place[] {
  return [...before, readPlace(text)]
}

async function planOf (log: Log, { topic, before, all }: PurgeOptions): Promise<Purge[]> {
  if ((all === true) === (before.length > 0)) throw new FatalError('Say up to where to delete: --before <partition:offset>, as the column AT of list has it, or --all. Nothing was deleted.')
  const ranges = await rangesOf(log, topic)
  if (all === true) return ranges.map(({ partition, from, to }) => ({ topic, partition, from, offset: to }))
  return before.map(({ partition, offset }) => {
    const range = ranges.find(each => each.partition === partition)
    if (range === undefined) throw new FatalError(`Topic '${topic}' has ${ranges.length} partitions, so there is no partition ${partition}. Nothing was deleted.`)
    if (offset > range.to) throw new FatalError(`Partition ${partition} of '${topic}' ends at ${range.to}, before ${offset}. Nothing was deleted.`)
    return { topic, partition, from: range.from, offset: Math.max(offset, range.from) }
  })
}

async function confirm (purges: readonly Purge[], count: number, ledger: Ledger, topic: string): Promise<void> {
  const { sent, intended } = await ledger.countBefore(purges)
  const rows = purges.filter(({ from, offset }) => offset > from).map(({ partition, from, offset }) => [partition, from, offset - 1, offset - from])
  note(`Records of '${topic}' that are deleted:\n${table(['PARTITION', 'FROM', 'TO', 'RECORDS'], rows)}${sent} of them ${sent === 1 ? 'was' : 'were'} replayed${intended === 0 ? '' : `, ${intended} perhaps`}, ${Math.max(0, count - sent - intended)} not.`)
  if (!canAsk()) throw new FatalError('Nobody is there to be asked; say --yes. Nothing was deleted.')
  if (!await ask('Delete them?')) throw new FatalError('Nothing was deleted.')
}

function asJson (purges: readonly Purge[], deleted: number): string {
  return JSON.stringify({ deleted, before: purges.map(({ partition, offset }) => ({ partition, offset })) }, undefined, 2) + '\n'
}
