import type { Command } from 'commander'
import { lettersOf, type LedgerLetter } from '../../../streams/runtime.ts'
import { table } from '../table.ts'
import { addAll, withReading, type ReadingOptions } from './open.ts'
import { addFilters, addTopic, criteriaOf, readCount, type FilterOptions } from './options.ts'
import { note, print } from './output.ts'
import { letterAsJson, LIST_HEADINGS, listRow } from './text.ts'

interface ListOptions extends ReadingOptions, FilterOptions {
  readonly limit: number
  readonly json?: true
}

export function addList (dlq: Command): Command {
  const command = dlq.command('list')
    .summary('List dead letters that were not replayed yet.')
    .description('List dead letters, oldest first in each partition; what has been replayed is left out.')
  return addAll(addFilters(addTopic(command)))
    .option('--limit <count>', 'how many', readCount, 50)
    .option('--json', 'print JSON, one letter per line, with its value')
    .action(async (options: ListOptions) => {
      await withReading(options, async ({ log, ledger }) => {
        const letters = lettersOf({ log, topic: options.topic, ledger, criteria: criteriaOf(options) })
        const { shown, hidden, hasMore } = await take(letters, options)
        if (options.json === true) return
        if (shown.length > 0) await print(table(LIST_HEADINGS, shown))
        note(summary({ shown: shown.length, hidden, hasMore }, options))
      })
    })
}

async function take (letters: AsyncIterable<LedgerLetter>, { all, limit, json }: ListOptions): Promise<{ shown: string[][], hidden: number, hasMore: boolean }> {
  const shown: string[][] = []
  let hidden = 0
  for await (const letter of letters) {
    if (letter.replay === 'sent' && all !== true) {
      hidden++
      continue
    }
    if (shown.length === limit) return { shown, hidden, hasMore: true }
    shown.push(json === true ? [] : listRow(letter))
    if (json === true) await print(JSON.stringify(letterAsJson(letter)) + '\n')
  }
  return { shown, hidden, hasMore: false }
}

function summary ({ shown, hidden, hasMore }: { readonly shown: number, readonly hidden: number, readonly hasMore: boolean }, { topic }: ListOptions): string {
  const letters = `${shown === 0 ? 'No' : shown} dead ${shown === 1 ? 'letter' : 'letters'}`
  const left = hidden === 0 ? '' : ` ${hidden} that ${hidden === 1 ? 'was' : 'were'} replayed ${hidden === 1 ? 'is' : 'are'} left out (--all shows them).`
  const more = hasMore ? ' There are more: --limit shows more of them, filters fewer, and stats counts them.' : ''
  return `${letters} in '${topic}'${shown === 0 ? ' that fit' : ''}.${left}${more}`
}
