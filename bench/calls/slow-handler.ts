import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { createRandom } from '../../bin/sample-events.ts'
import { defineAsyncProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'
import { owning, type Owner } from '../lib/owner.ts'
import { round } from '../lib/statistics.ts'
import type { Ground } from './ground.ts'
import { fill, startCallsWorker } from './worker.ts'

export const RECORDS = 10_000
export const CONCURRENCY = 100
export const LONGEST_MS = 5

export interface SlowRun {
  readonly keys: number
  /** From the first call to the commit of the last. */
  readonly seconds: number
  /** What the calls took together, over as many as could be made at once. */
  readonly floorSeconds: number
  /** CPU time of this process, over that of one core. */
  readonly cpu: number
  readonly mistakes: readonly string[]
}

const Task = Type.Object({ id: Type.Integer(), ms: Type.Number() })

/** A call of random length for each record, in one partition, in order by key. */
export async function runSlowHandler (open: (owner: Owner) => Promise<Ground>, keys: number): Promise<SlowRun> {
  return await owning(`slow handler over ${keys} keys`, async owner => {
    const ground = await open(owner)
    const random = createRandom(1)
    await fill(ground, Array.from({ length: RECORDS }, (_, id) => ({
      topic: ground.topics.tasks, partition: 0, key: Buffer.from(`k${id % keys}`), value: Buffer.from(JSON.stringify({ id, ms: LONGEST_MS * random.next() })), headers: [], timestamp: 0
    })))
    const last = new Map<number, number>()
    const [begun, mistakes]: [number[], string[]] = [[], []]
    let [handlerMs, calls, committed] = [0, 0, 0]
    const work = defineAsyncProcessor({
      name: 'work',
      input: Task,
      concurrency: CONCURRENCY,
      async process ({ value: { id, ms } }) {
        const at = performance.now()
        if (calls++ === 0) begun.push(at)
        if ((last.get(id % keys) ?? -1) >= id) mistakes.push(`record ${id} was called behind ${last.get(id % keys)}`)
        last.set(id % keys, id)
        // A timer is late by half a millisecond in the middle, so its length is rounded down.
        await (ms < 1 ? nextTurn() : sleep(Math.floor(ms)))
        handlerMs += performance.now() - at
        return undefined
      }
    })
    const topology = defineTopology('calls', ({ stream }) => {
      const { valid, dlq } = stream(defineTopic({ name: ground.topics.tasks })).validate(Task).branch({ valid: isValid, dlq: isRejected })
      dlq.to(defineTopic({ name: ground.topics.letters }), { format: 'raw' })
      valid.processAsync(work)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    const cpuBefore = process.cpuUsage()
    await startCallsWorker(owner, ground, topology, ({ items }) => {
      committed += items.length
      if (committed >= RECORDS) resolve()
    })
    await promise
    const wallMs = performance.now() - (begun[0] ?? 0)
    const { user, system } = process.cpuUsage(cpuBefore)
    if (calls !== RECORDS) mistakes.push(`${calls} calls for ${RECORDS} records`)
    return { keys, seconds: round(wallMs / 1_000, 2), floorSeconds: round(handlerMs / 1_000 / Math.min(keys, CONCURRENCY), 2), cpu: round((user + system) / 1_000 / wallMs, 2), mistakes }
  })
}
