import { messageOf } from '../errors.ts'
import type { LogRecord, TopicPartition } from '../log/log.ts'
import type { Logger } from '../logger.ts'
import type { WorkerObserver } from './worker.ts'

/**
 * Says what happens to records, once, when their unit closes: each drop with its coordinates (debug: a topology may drop
 * often, and on purpose), and dead letters per unit with the first one's coordinates. Pauses are `logPauses`'.
 */
export function observeLog (logger: Logger): WorkerObserver {
  return {
    assigned () {},
    breakerChanged ({ name, from, to, error }) {
      if (to === 'open') logger.warn({ dependency: name, ...(error === undefined ? {} : { error: messageOf(error) }) }, from === 'half-open' ? 'a probe failed: the circuit breaker is open again' : 'a circuit breaker has opened: nothing is called until its cooldown is over')
      else logger.info({ dependency: name }, to === 'closed' ? 'a circuit breaker is closed again' : 'a circuit breaker lets a probe through')
    },
    committed ({ drops, emissions }) {
      for (const { node, reason, record } of drops) logger.debug({ node: node.name, reason, ...coordinatesOf(record) }, 'dropped a record')
      const dead = emissions.filter(({ isDeadLetter }) => isDeadLetter)
      const [first] = dead
      if (first === undefined) return
      logger.warn({ count: dead.length, to: first.record.topic, first: coordinatesOf(first.item.record) }, 'records went to the dead letters')
    }
  }
}

/** Nothing where nothing but time has led to it. */
function coordinatesOf (record: LogRecord | undefined): Partial<TopicPartition & { readonly offset: number }> {
  if (record === undefined) return {}
  const { topic, partition, offset } = record
  return { topic, partition, offset }
}
