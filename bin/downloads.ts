import { Command, InvalidArgumentError } from 'commander'
import { Registry } from 'prom-client'
import { cacheFolderOf } from '../processors/downloads/options.ts'
import { sweepCache } from '../processors/downloads/sweep-cache.ts'
import { messageOf, type Logger } from '../streams/index.ts'
import type { Config } from './config.ts'
import { downloadsApplication, downloadsWorkerNames, isDownloadsWorkerName, type DownloadsWorkerName } from './downloads-applications.ts'
import { runDownloadsDemo } from './downloads-demo.ts'
import { runProcess, type Running } from './run-process.ts'
import { openServedWorker } from './run-worker.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const SWEEP_EVERY_MS = 60 * 60 * 1_000

const program = new Command('downloads')
  .description('The workers of the downloads pipeline: all in one process, or the one that is named.')
  .argument('[worker]', `one of ${downloadsWorkerNames.join(', ')}`)
  .option('--embedded', 'no services: everything in this process, with files from a server that fails on purpose; ends when all have a result')
  .option('--files <count>', 'with --embedded: how many files', readCount, 500)
  .option('--seed <number>', 'with --embedded: another seed makes other files and other troubles', readCount, 1)
  .parse()

const { embedded = false, files, seed } = program.opts<{ readonly embedded?: boolean, readonly files: number, readonly seed: number }>()
const [given] = program.args

if (embedded && given !== undefined) program.error('--embedded runs all workers; leave the name out.')

if (embedded) {
  runDownloadsDemo({ files, seed }, process.env)
} else {
  const names = namesOf(given)
  runProcess(given === undefined ? 'downloads' : `downloads:${given}`, process.env, async (config, logger) => await openAll(names, config, logger))
}

function namesOf (given: string | undefined): readonly DownloadsWorkerName[] {
  if (given === undefined) return downloadsWorkerNames
  return isDownloadsWorkerName(given) ? [given] : program.error(`There is no worker '${given}'; there are ${downloadsWorkerNames.join(', ')}.`)
}

/** Each tells of itself on a port of its own: the one of the environment and those behind it. */
async function openAll (names: readonly DownloadsWorkerName[], config: Config, logger: Logger): Promise<Running> {
  const running: (Running & { readonly done: Promise<void> })[] = []
  // At once: each may wait seconds for what it has called, and all of them together have ten.
  const stop = async (): Promise<void> => { await Promise.all(running.splice(0).map(async each => await each.stop())) }
  try {
    for (const [index, name] of names.entries()) {
      const port = config.WORKER_METRICS_PORT === 0 ? 0 : config.WORKER_METRICS_PORT + index
      running.push(await openServedWorker({ ...downloadsApplication(name, { ...config, WORKER_METRICS_PORT: port }), registry: new Registry(), logger }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  if (names.includes('download')) sweepNowAndThen(cacheFolderOf(config), logger)
  return { done: Promise.race(running.map(({ done }) => done)), stop }
}

function sweepNowAndThen (folder: string, logger: Logger): void {
  const sweep = (): void => {
    sweepCache({ folder, olderThanMs: DAY_MS, nowMs: Date.now() }).then(removed => {
      if (removed > 0) logger.info({ folder, removed }, 'files of the cache that nobody came for for a day are removed')
    }, (error: unknown) => logger.warn({ folder, error: messageOf(error) }, 'the cache could not be swept'))
  }
  sweep()
  setInterval(sweep, SWEEP_EVERY_MS).unref()
}

function readCount (text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('A whole number above zero is wanted.')
  return count
}
