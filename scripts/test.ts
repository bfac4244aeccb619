import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec as SpecReporter } from 'node:test/reporters'
import { environmentOf, findServices, type FoundServices } from './services/find.ts'
import { cacheDirectory } from './services/state.ts'
import { oneRun, skipSummary, type Outcome, type TestEvent } from './test-events.ts'

const usage = `npm test [-- words]               all tests: those without services, then those on real ones
npm run test:unit [-- words]      those without services
npm run test:integration [-- words]
npm run test:faults [-- words]    those of them that break services and workers; FAULT_ROUNDS says how often, FAULT_SEED repeats one round

Words choose the test files whose path contains one of them.
`

/** A file that has not ended by then has left something open, or hangs. */
const fileTimeoutMs = 5 * 60_000
/** One of the fault suite has as many rounds as it was asked for, or a few, each with a timeout of its own. */
const faultsTimeoutMs = (20 + Number(process.env['FAULT_ROUNDS'] ?? 0)) * 60_000

/** Runs the chosen tests as one run of Node's test runner: one report, one closing account. */
async function main (args: readonly string[], signal: AbortSignal): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(usage)
    return 0
  }
  const { unit, integration } = chooseFiles(args)
  if (unit.length + integration.length === 0) {
    console.error(`No test file under test/ matches: ${args.join(' ')}`)
    return 1
  }

  const outcome: Outcome = { success: true, skipped: [] }
  const finish: Array<() => Promise<void>> = []
  async function * events (): AsyncGenerator<TestEvent> {
    yield * runFiles(unit, { signal, timeout: fileTimeoutMs })
    if (integration.length === 0 || signal.aborted) return
    const services = await findServices()
    finish.push(() => leave(services))
    for (const { name, problem } of services.missing) console.error(`${name} is missing: ${problem}`)
    yield * runFiles(integration, { signal, env: environmentOf(services), timeout: integration.some(isFault) ? faultsTimeoutMs : fileTimeoutMs })
  }

  try {
    await pipeline(Readable.from(oneRun(events(), outcome)), new SpecReporter(), process.stdout, { end: false })
    process.stdout.write(skipSummary(outcome.skipped))
  } finally {
    for (const task of finish) await task()
  }
  return outcome.success && !signal.aborted ? 0 : 1
}

function chooseFiles ([kind, ...rest]: readonly string[]): { unit: string[], integration: string[] } {
  const named = kind === 'unit' || kind === 'integration' || kind === 'faults'
  const words = named || kind === undefined ? rest : [kind, ...rest]
  const chosen = globSync('test/**/*.test.ts').sort().filter(file => words.length === 0 || words.some(word => file.includes(word)))
  const isIntegration = (file: string): boolean => file.startsWith(`test${sep}integration${sep}`)
  if (kind === 'faults') return { unit: [], integration: chosen.filter(isFault) }
  return {
    unit: kind === 'integration' ? [] : chosen.filter(file => !isIntegration(file)),
    integration: kind === 'unit' ? [] : chosen.filter(isIntegration)
  }
}

function isFault (file: string): boolean {
  return file.startsWith(`test${sep}integration${sep}faults${sep}`)
}

interface RunOptions {
  readonly signal: AbortSignal
  readonly timeout: number
  readonly env?: Readonly<Record<string, string>>
}

function runFiles (files: readonly string[], { signal, timeout, env = {} }: RunOptions): AsyncIterable<TestEvent> {
  if (files.length === 0) return Readable.from([])
  return run({
    files,
    concurrency: Math.min(2, availableParallelism()),
    timeout,
    signal,
    // Starting processes is most of a short test, and compiling most of that: done once, a start takes half the time.
    env: { NODE_COMPILE_CACHE: join(cacheDirectory(), 'compiled'), ...process.env, ...env }
  })
}

/** On a developer's machine local services stay for the next run: starting them is most of a short one. */
async function leave (services: FoundServices): Promise<void> {
  const isCi = !['', '0', 'false', undefined].includes(process.env['CI'])
  if (services.from === 'environment') return
  if (services.from === 'containers' || isCi) return await services.stop()
  console.error('The services stay up for the next run; stop them with: npm run services -- down')
}

// Stopped from outside: the test files end too, and what was started for them is stopped.
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())

process.exitCode = await main(process.argv.slice(2), stopped.signal)
