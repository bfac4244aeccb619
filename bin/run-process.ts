import type { Logger } from 'pino'
import { messageOf } from '../streams/index.ts'
import { readConfig, type Config, type Environment } from './config.ts'
import { createLogger } from './logging.ts'

/** What a process does until it is told to stop. */
export interface Running {
  /** Rejects when it cannot go on. Left out: it goes on until it is stopped. */
  readonly done?: Promise<void>
  /** Resolves when nothing is left to do; then it is stopped in order. Left out: there always may be more. */
  readonly finished?: Promise<void>
  readonly stop: () => Promise<void>
}

/** What a process manager waits before it kills: stopping in order has to fit. */
const DEADLINE_MS = 9_500

/**
 * Reads the environment, opens, and runs until SIGTERM or SIGINT; then stops in order and ends with exit code 0. Further
 * signals change nothing. What takes longer than the deadline is given up: every part may be cut off without loss.
 *
 * What cannot go on is stopped in order too, so that its group knows, and ends with exit code 1 and one sentence.
 */
export function runProcess (name: string, env: Environment, open: (config: Config, logger: Logger) => Promise<Running>): void {
  const fail = (error: unknown): void => { process.stderr.write(`millrace ${name}: ${messageOf(error)}\n`) }
  let config: Config
  try {
    config = readConfig(env)
  } catch (error) {
    fail(error)
    process.exit(1)
  }
  const logger = createLogger(name, config.LOG_LEVEL)
  const opening = open(config, logger)
  let stopping = false
  const stop = (exitCode: number): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => {
      logger.warn({}, 'stopping took too long; ending now, the next start goes on from the last commit')
      process.exit(exitCode)
    }, DEADLINE_MS).unref()
    // What never opened has nothing to stop.
    opening.then(async running => await running.stop(), () => {}).then(() => process.exit(exitCode), error => {
      logger.error({ error: messageOf(error) }, 'stopping failed')
      process.exit(1)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      logger.info({ signal }, 'stopping')
      stop(0)
    })
  }
  opening.then(async ({ done, finished }) => {
    await (finished === undefined ? done : Promise.race([done, finished.then(() => stop(0))]))
  }).catch((error: unknown) => {
    if (stopping) return
    fail(error)
    stop(1)
  })
}
