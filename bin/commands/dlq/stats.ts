import type { Command } from 'commander'
import { groupLetters, lettersOf, type Group, type LedgerLetter } from '../../../streams/runtime.ts'
import { table } from '../table.ts'
import { addAll, withReading, type ReadingOptions } from './open.ts'
import { addFilters, addTopic, criteriaOf, type FilterOptions } from './options.ts'
import { note, print } from './output.ts'
import { cell, timeText } from './text.ts'

interface StatsOptions extends ReadingOptions, FilterOptions {
  readonly json?: true
}

export function addStats (dlq: Command): Command {
  const command = dlq.command('stats')
    .summary('Count them by error, class, node and source.')
    .description('Count dead letters by error, class, node and source; what has been replayed is left out.')
  return addAll(addFilters(addTopic(command)))
    .option('--json', 'print JSON')
    .action(async (options: StatsOptions) => {
      await withReading(options, async ({ log, ledger }) => {
        const seen = { replayed: 0, perhaps: 0 }
        const letters = counted(lettersOf({ log, topic: options.topic, ledger, criteria: criteriaOf(options) }), seen, options)
        const groups = await groupLetters(letters)
        await print(options.json === true ? asJson(groups, seen) : asText(groups))
        if (options.json !== true) note(summary(groups, seen, options))
      })
    })
}

interface Seen {
  replayed: number
  perhaps: number
}

async function * counted (letters: AsyncIterable<LedgerLetter>, seen: Seen, { all }: StatsOptions): AsyncGenerator<LedgerLetter> {
  for await (const letter of letters) {
    if (letter.replay === 'sent') seen.replayed++
    if (letter.replay === 'intended') seen.perhaps++
    if (letter.replay !== 'sent' || all === true) yield letter
  }
}

function asText (groups: readonly Group[]): string {
  if (groups.length === 0) return ''
  return table(['COUNT', 'CLASS', 'ERROR', 'NODE', 'SOURCE', 'FIRST', 'LAST', 'NEWEST MESSAGE'], groups.map(({ count, errorClass, error, node, source, firstMs, lastMs, message }) => [
    count, errorClass, cell(error, 40), cell(node?.slice(node.lastIndexOf('.') + 1), 30), cell(source, 40), timeText(firstMs), timeText(lastMs), cell(message, 50)
  ]))
}

function asJson (groups: readonly Group[], { replayed, perhaps }: Seen): string {
  const shown = groups.map(({ firstMs, lastMs, error, node, source, message, ...group }) => ({
    ...group, error: error ?? null, node: node ?? null, source: source ?? null, first: timeText(firstMs), last: timeText(lastMs), message: message ?? null
  }))
  return JSON.stringify({ groups: shown, replayed, perhapsReplayed: perhaps }, undefined, 2) + '\n'
}

function summary (groups: readonly Group[], { replayed, perhaps }: Seen, { topic, all }: StatsOptions): string {
  const count = groups.reduce((sum, group) => sum + group.count, 0)
  return `${count} dead ${count === 1 ? 'letter' : 'letters'} in '${topic}'` +
    (replayed === 0 ? '' : all === true ? `, ${replayed} of them replayed` : `, and ${replayed} that were replayed`) +
    (perhaps === 0 ? '.' : `; ${perhaps} perhaps replayed: the next replay finds out.`)
}
