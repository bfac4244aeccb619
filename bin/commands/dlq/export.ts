import type { Command } from 'commander'
import { lettersOf } from '../../../streams/runtime.ts'
import { addAll, withReading, type ReadingOptions } from './open.ts'
import { addFilters, addTopic, criteriaOf, type FilterOptions } from './options.ts'
import { note, print } from './output.ts'
import { letterAsJson } from './text.ts'

export function addExport (dlq: Command): Command {
  const command = dlq.command('export')
    .summary('Print dead letters as JSON, one per line.')
    .description('Print dead letters as JSON, one per line, with key, value and headers; bytes that are no text as { "base64" }.')
  return addAll(addFilters(addTopic(command)))
    .action(async (options: ReadingOptions & FilterOptions) => {
      await withReading(options, async ({ log, ledger }) => {
        let count = 0
        for await (const letter of lettersOf({ log, topic: options.topic, ledger, criteria: criteriaOf(options) })) {
          if (letter.replay === 'sent' && options.all !== true) continue
          await print(JSON.stringify(letterAsJson(letter)) + '\n')
          count++
        }
        note(`${count} dead ${count === 1 ? 'letter' : 'letters'} exported.`)
      })
    })
}
