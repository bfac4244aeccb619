import { spawn } from 'node:child_process'
import { isUtf8 } from 'node:buffer'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTree, type ParseError } from 'jsonc-parser'
import type { Command } from 'commander'
import { FatalError, type Topology } from '../../../streams/index.ts'
import { letterAt, objectionsTo, openLedger, type LedgerLetter } from '../../../streams/runtime.ts'
import { readEnvironment } from '../../config.ts'
import { loadTopology } from '../../load-topology.ts'
import { withConnections } from '../connections.ts'
import { ask, canAsk } from './ask.ts'
import { addTopic, readPlace, type Place, type TopicOptions } from './options.ts'
import { note, print } from './output.ts'
import { pretty } from './payload.ts'
import { addSending, duringSend, failWhereLeftOut, reportJson, reportText, send, type SendOptions } from './send.ts'
import { nothingAt } from './show.ts'
import { bytesText } from './text.ts'

interface EditOptions extends TopicOptions, SendOptions {
  readonly topology?: string
}

export function addEdit (dlq: Command): Command {
  const command = dlq.command('edit')
    .summary('Mend the value of a dead letter in your editor, and send that.')
    .description('Open the value of a dead letter in $VISUAL or $EDITOR, and send what you save in its place. The dead letter itself stays as it is, and counts as replayed.')
    .argument('<at>', 'partition:offset, as the column AT of list has it', readPlace)
  return addSending(addTopic(command))
    .option('--topology <topology>', 'path of a .ts file that exports the topology that reads the topic it goes to, or a name in topology/: a value that this would turn away is not sent')
    .action(async (place: Place, options: EditOptions) => {
      const { topic, json } = options
      const topology = options.topology === undefined ? undefined : await configured(options.topology)
      await withConnections(options, async ({ log, database }) => {
        const ledger = openLedger({ database, identity: await log.identify([topic]), topic })
        const letter = await letterAt({ log, topic, ledger }, place)
        if (letter === undefined) throw nothingAt(topic, place)
        if (letter.replay !== undefined) throw new FatalError(`${place.partition}:${place.offset} was ${letter.replay === 'sent' ? '' : 'perhaps '}replayed already; nothing was sent.${letter.replay === 'sent' ? '' : ' `millrace dlq replay` finds out.'}`)
        const value = await edited(letter, options, topology)
        if (value === undefined) return note('Nothing was changed, so nothing was sent.')
        const letters = async function * (): AsyncGenerator<LedgerLetter> {
          // What was cut off has been seen and mended.
          yield { ...letter, value, cuts: letter.cuts.filter(part => part !== 'payload') }
        }
        const report = await send({ log, database }, { topic, letters, dryRun: false, rate: Infinity, limit: 1, progressed: () => {} }, options)
          .catch((error: unknown) => { throw duringSend(error) })
        if (json === true) await print(reportJson(report, false))
        else note(reportText(report, false).trimEnd())
        failWhereLeftOut(report)
      })
    })
}

async function configured (name: string): Promise<Topology> {
  const topology = await loadTopology(name)
  return topology.configure(readEnvironment(topology.settings, process.env))
}

/** undefined: it was left as it is. A value with a mistake may be edited again; else it stays in its file, so that nobody's work is lost. */
async function edited (letter: LedgerLetter, { to }: EditOptions, topology: Topology | undefined): Promise<Buffer | undefined> {
  const text = textOf(letter)
  const isJson = isValidJson(text)
  const directory = await mkdtemp(join(tmpdir(), 'millrace-dlq-'))
  const file = join(directory, isJson ? 'value.json' : 'value.txt')
  const shown = isJson ? pretty(text) + '\n' : text
  await writeFile(file, shown, { mode: 0o600 })
  while (true) {
    await openEditor(file)
    const saved = await readFile(file, 'utf8')
    if (saved === shown) {
      await rm(directory, { recursive: true })
      return undefined
    }
    // Editors end a file with a newline, which the value did not have.
    const value = Buffer.from(text.endsWith('\n') ? saved : saved.replace(/\n$/, ''))
    const mistakes = await mistakesIn(value, letter, to, isJson, topology)
    if (mistakes.length === 0) {
      await rm(directory, { recursive: true })
      return value
    }
    note(`It is not sent:\n${mistakes.map(each => `  ${each}`).join('\n')}`)
    if (!canAsk() || !await ask('Edit it again?')) throw new FatalError(`Nothing was sent; what you wrote is in ${file}.`)
  }
}

function textOf ({ value }: LedgerLetter): string {
  if (value !== null && !isUtf8(value)) throw new FatalError(`Its value is no text (${bytesText(value)}), so it cannot be edited here. Send a right one with the program that wrote it.`)
  return value === null ? '' : value.toString()
}

async function mistakesIn (value: Buffer, { key, timestamp, origin }: LedgerLetter, to: string | undefined, isJson: boolean, topology: Topology | undefined): Promise<string[]> {
  if (isJson && !isValidJson(value.toString())) return ['It was JSON, and is none any more.']
  const topic = to ?? origin?.topic
  if (topology === undefined || topic === undefined) return []
  return (await objectionsTo(topology, { topic, key, value, timestamp })).map(({ node, message }) => `Node '${node}': ${message}`)
}

function isValidJson (text: string): boolean {
  const errors: ParseError[] = []
  return parseTree(text, errors, { disallowComments: true }) !== undefined && errors.length === 0
}

/** Through a shell, since the variable may hold options too, as git takes it. */
async function openEditor (file: string): Promise<void> {
  const editor = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi'
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  if (code !== 0) throw new FatalError(`The editor '${editor}' ended with exit code ${code}; nothing was sent. Set EDITOR to one that is there.`)
}
