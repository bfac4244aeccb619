import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command, CommanderError } from 'commander'
import { addApi } from './commands/api-command.ts'
import { addDescribe } from './commands/describe.ts'
import { addDlq } from './commands/dlq/dlq.ts'
import { addLag } from './commands/lag.ts'
import { addLint } from './commands/lint.ts'
import { addQuery } from './commands/query.ts'
import { addReset } from './commands/reset.ts'
import { addRun } from './commands/run-command.ts'
import { sentenceOf } from './commands/sentence.ts'

const EXIT = { ok: 0, error: 1, usage: 2 } as const

/** The `millrace` command line. Exit codes: 0 done, 1 it failed, 2 it was called wrongly. */
async function main (args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    // A command that found what it looked for has set it.
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok
  } catch (error) {
    // Commander has said what was wrong; with exit code 0 it was asked for help or the version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    process.stderr.write(`millrace: ${sentenceOf(error)}\n`)
    if (args.includes('--verbose') && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    return EXIT.error
  }
}

function createProgram (): Command {
  const program = new Command('millrace')
    .description('Draw, check, run, watch, read, serve and reset topologies, and work with their dead letters.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'millrace: ')) })
    .showHelpAfterError('(--help says more)')
  for (const add of [addRun, addDescribe, addLint, addLag, addQuery, addApi, addDlq, addReset]) add(program).option('--verbose', 'with errors, say where in the code they come from')
  return program
}

function readVersion (): string {
  const file = findPackageJSON('..', import.meta.url)
  const content: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown'
}

// Whoever reads us may have enough (`| head`): that is no error of ours.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

const code = await main(process.argv.slice(2))
// A worker that failed may have left connections open, which would keep the process alive.
if (code === EXIT.error) process.exit(code)
process.exitCode = code
