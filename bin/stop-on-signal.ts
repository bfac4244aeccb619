import type { Logger } from '../streams/index.ts'

/** What a process manager waits before it kills: stopping in order has to fit. */
const DEADLINE_MS = 9_500

/**
 * Stops once on SIGTERM or SIGINT, in order, and ends with exit code 0; further signals change nothing. What takes
 * longer than the deadline is given up: every part of it may be cut off at any moment without loss.
 */
export function stopOnSignal (stop: () => Promise<void>, logger: Logger): void {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      logger.info({ signal }, 'stopping')
      setTimeout(() => {
        logger.warn({}, 'stopping took too long; ending now, the next start goes on from the last commit')
        process.exit(0)
      }, DEADLINE_MS).unref()
      stop().then(() => process.exit(0), error => {
        logger.error({ error: String(error) }, 'stopping failed')
        process.exit(1)
      })
    })
  }
}
