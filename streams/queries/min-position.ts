import { setTimeout as sleep } from 'node:timers/promises'
import { QueryError } from './query-error.ts'
import type { QueryableStore } from './queryable.ts'
import type { StoreSource } from './store-source.ts'

/** A record of a topic, that is to be in the answer. Of a topic of the application's own the name is the one on the cluster. */
export interface MinPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const USUAL_WAIT_MS = 1_000

/** Units follow each other at this pace. */
const LOOK_EVERY_MS = 25

/**
 * Resolves when the record is processed and its effects are committed. State and position are written in one transaction, so who
 * reads behind this sees them. Whoever processes it, it is told here: there is nobody to ask.
 */
export async function reached (source: StoreSource, { name, subTopology }: QueryableStore, { topic, partition, offset }: MinPosition, timeoutMs = USUAL_WAIT_MS): Promise<void> {
  const { topics, patterns } = subTopology
  if (!topics.includes(topic) && !patterns.some(({ matches }) => matches(topic))) {
    throw new QueryError('refused', `Store '${name}' is fed by ${[...topics, ...patterns.map(({ pattern }) => pattern)].join(', ')}; a position in '${topic}' says nothing about it.`)
  }
  const until = performance.now() + timeoutMs
  for (;;) {
    const next = await source.position(subTopology.name, topic, partition)
    if (next !== undefined && next > offset) return
    const left = until - performance.now()
    if (left <= 0) {
      const where = next === undefined ? 'the partition is not begun' : `it stands at offset ${next}`
      throw new QueryError('behind', `Store '${name}' has not come to ${topic}:${partition}:${offset} within ${timeoutMs} ms; ${where}. Ask again later, or without minPosition.`)
    }
    await sleep(Math.min(LOOK_EVERY_MS, left))
  }
}
