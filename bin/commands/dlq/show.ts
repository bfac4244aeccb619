import type { Command } from 'commander'
import { FatalError } from '../../../streams/index.ts'
import { letterAt, type LedgerLetter } from '../../../streams/runtime.ts'
import { addAll, withReading, type ReadingOptions } from './open.ts'
import { addTopic, readPlace, type Place } from './options.ts'
import { print } from './output.ts'
import { markedPayload } from './payload.ts'
import { bytesText, letterAsJson, originText, printable, replayText, timeText } from './text.ts'

interface ShowOptions extends ReadingOptions {
  readonly json?: true
}

export function addShow (dlq: Command): Command {
  const command = dlq.command('show')
    .summary('Show one: what went wrong, and where in its payload.')
    .description('Show a dead letter: where it comes from, what went wrong, its headers, and its payload with the place of the error marked.')
    .argument('<at>', 'partition:offset, as the column AT of list has it', readPlace)
  return addAll(addTopic(command))
    .option('--json', 'print JSON')
    .action(async (place: Place, options: ShowOptions) => {
      await withReading(options, async ({ log, ledger }) => {
        const letter = await letterAt({ log, topic: options.topic, ledger }, place)
        if (letter === undefined) throw nothingAt(options.topic, place)
        await print(options.json === true ? JSON.stringify(letterAsJson(letter), undefined, 2) + '\n' : textOf(letter))
      })
    })
}

export function nothingAt (topic: string, { partition, offset }: Place): FatalError {
  return new FatalError(`There is no dead letter at ${partition}:${offset} of '${topic}': it was purged, its retention is over, or it was never there. \`millrace dlq list\` shows what is there.`)
}

function textOf (letter: LedgerLetter): string {
  const facts: readonly (readonly [name: string, text: string | undefined])[] = [
    ['Dead letter', `${letter.at.topic}-${letter.at.partition}@${letter.at.offset}, as ${FAMILIES[letter.family]}`],
    ['From', letter.origin === undefined ? undefined : originText(letter)],
    ['Error', [letter.errorCode, letter.exception].filter(each => each !== undefined).join(', ') || undefined],
    ['Class', letter.errorClass],
    ['Message', letter.message],
    ['Application', letter.application],
    ['Node', letter.node],
    ['Stage', letter.stage],
    ['Attempts', letter.attempts?.toString()],
    ['Failed', failedText(letter)],
    ['Timestamp', letter.timestamp < 0 ? undefined : timeText(letter.timestamp)],
    ['Error id', letter.errorId],
    ['Replay', replayText(letter)],
    ['Key', letter.key === null ? '(none)' : bytesText(letter.key)],
    ['Lost', letter.cuts.length === 0 ? undefined : `${letter.cuts.join(' and ')}: did not fit`]
  ]
  const known = facts.flatMap(([name, text]) => text === undefined ? [] : [`${name.padEnd(12)} ${printable(text).replaceAll('\n', '\n' + ' '.repeat(13))}\n`])
  const headers = letter.headers.map(([name, bytes]) => `  ${printable(name)}: ${bytes === null ? '(null)' : printable(bytesText(bytes))}\n`)
  return [
    ...known,
    ...headers.length === 0 ? [] : ['\nHeaders\n', ...headers],
    `\nPayload\n${markedPayload(letter.value, letter.message)}\n`,
    ...letter.stack === undefined ? [] : [`\nStack\n${printable(letter.stack).replaceAll(/^/gm, '  ')}\n`]
  ].join('')
}

const FAMILIES: Readonly<Record<LedgerLetter['family'], string>> = {
  millrace: 'Millrace writes it',
  'share-group': 'a share group writes it',
  'kafka-streams': 'Kafka Streams writes it',
  spring: 'Spring writes it',
  'spring-retry': 'Spring writes it on its retry path',
  connect: 'Kafka Connect writes it',
  envelope: 'an envelope in its body says',
  none: 'a record that says nothing of an error'
}

function failedText ({ failedAtMs, firstFailedAtMs }: LedgerLetter): string | undefined {
  if (failedAtMs === undefined) return undefined
  return firstFailedAtMs === undefined || firstFailedAtMs === failedAtMs ? timeText(failedAtMs) : `${timeText(failedAtMs)}, for the first time ${timeText(firstFailedAtMs)}`
}
