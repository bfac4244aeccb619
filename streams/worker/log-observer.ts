import type { Logger } from '../logger.ts'
import type { WorkerObserver } from './worker.ts'

/** A pause that lasts is said again after this, and then at twice the distance each time. */
const FIRST_REMINDER_MS = 10_000

/**
 * Says what happens to records, once, when their unit closes: each drop with its coordinates (debug: a topology may drop
 * often, and on purpose), dead letters per unit with the first one's coordinates, and every pause with its reason.
 */
export function observeLog (logger: Logger, now: () => number): WorkerObserver {
  let since: number | undefined
  let remindAt = 0
  return {
    assigned () {},
    waiting (reason) {
      if (reason === undefined) {
        if (since !== undefined) logger.info({ seconds: (now() - since) / 1000 }, 'the worker goes on')
        since = undefined
        return
      }
      if (since === undefined) {
        since = now()
        remindAt = since + FIRST_REMINDER_MS
        logger.warn({ reason }, 'the worker waits; nothing is skipped meanwhile')
      } else if (now() >= remindAt) {
        remindAt = now() + (now() - since)
        logger.warn({ reason, seconds: (now() - since) / 1000 }, 'the worker still waits')
      }
    },
    committed ({ drops, emissions }) {
      for (const { node, reason, record: { topic, partition, offset } } of drops) logger.debug({ node: node.name, reason, topic, partition, offset }, 'dropped a record')
      const dead = emissions.filter(({ isDeadLetter }) => isDeadLetter)
      const [first] = dead
      if (first === undefined) return
      const { topic, partition, offset } = first.item.record
      logger.warn({ count: dead.length, to: first.record.topic, first: { topic, partition, offset } }, 'records went to the dead letters')
    }
  }
}
