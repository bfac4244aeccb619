import type { Logger } from '../logger.ts'
import type { WorkerObserver } from './worker.ts'

/**
 * Says what happens to records, once, when their unit closes: each drop with its coordinates (debug: a topology may drop
 * often, and on purpose), and dead letters per unit with the first one's coordinates. Pauses are `logPauses`'.
 */
export function observeLog (logger: Logger): WorkerObserver {
  return {
    assigned () {},
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
