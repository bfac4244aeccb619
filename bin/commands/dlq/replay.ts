import { Argument, InvalidArgumentError, type Command } from 'commander'
import { letterAt, lettersOf, rangesOf, type LedgerLetter, type LettersOptions, type ReplayOptions } from '../../../streams/runtime.ts'
import { withConnections } from '../connections.ts'
import { addFilters, addTopic, criteriaOf, readCount, readPlace, type FilterOptions, type Place, type TopicOptions } from './options.ts'
import { note, print } from './output.ts'
import { showProgress } from './progress.ts'
import { addSending, duringSend, failWhereLeftOut, reportJson, reportText, send, type SendOptions } from './send.ts'
import { nothingAt } from './show.ts'

interface ReplayCommandOptions extends TopicOptions, FilterOptions, SendOptions {
  readonly dryRun?: true
  readonly rate?: number
  readonly limit?: number
}

export function addReplay (dlq: Command): Command {
  const command = dlq.command('replay')
    .summary('Send dead letters again, each once, to the topics that they come from.')
    .description(
      'Send dead letters again, each as the record that it was, to the topic that it comes from. What was replayed is written down in Postgres (schema millrace_dlq) and not sent again. ' +
      'Of a record that an application wrote for itself, the record of yours that led to it is sent.'
    )
    .addArgument(new Argument('[at...]', 'partition:offset of single ones').argParser((text: string, before: readonly Place[]) => [...before, readPlace(text)]).default([], 'all that fit'))
  return addSending(addFilters(addTopic(command)))
    .option('--dry-run', 'only say what would be sent')
    .option('--rate <count>', 'at most so many per second', readRate)
    .option('--limit <count>', 'at most so many', readCount)
    .action(async (places: readonly Place[], options: ReplayCommandOptions) => {
      const { topic, dryRun = false, rate = Infinity, limit = Infinity, json } = options
      await withConnections(options, async ({ log, database }) => {
        const ranges = await rangesOf(log, topic)
        const progress = showProgress(places.length > 0 ? undefined : ranges.reduce((sum, { from, to }) => sum + to - from, 0))
        const letters: ReplayOptions['letters'] = ledger => places.length === 0
          ? lettersOf({ log, topic, ledger, ranges, criteria: criteriaOf(options), looked: progress.looked })
          : lettersAt({ log, topic, ledger }, places)
        const report = await send({ log, database }, { topic, letters, dryRun, rate, limit, progressed: progress.sent }, options)
          .catch((error: unknown) => { throw duringSend(error) })
          .finally(progress.stop)
        if (json === true) await print(reportJson(report, dryRun))
        else note(reportText(report, dryRun).trimEnd())
        failWhereLeftOut(report)
      })
    })
}

async function * lettersAt (options: Pick<LettersOptions, 'log' | 'topic' | 'ledger'>, places: readonly Place[]): AsyncGenerator<LedgerLetter> {
  for (const place of places) {
    const letter = await letterAt(options, place)
    if (letter === undefined) throw nothingAt(options.topic, place)
    yield letter
  }
}

function readRate (text: string): number {
  const rate = Number(text)
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text) || rate === 0) throw new InvalidArgumentError('Give a number above 0.')
  return rate
}
