import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { createRandom } from '../../bin/sample-events.ts'
import { defineAsyncProcessor, defineTopic, defineTopology, isRejected, isValid, ordered, type OutgoingRecord } from '../../streams/index.ts'
import { owning, type Owner } from '../lib/owner.ts'
import { percentilesOf, type Percentiles } from '../lib/statistics.ts'
import type { Ground } from './ground.ts'
import { startCallsWorker } from './worker.ts'

export const FAILING = { records: 10_000, keys: 1_000, perSecond: 500, twice: 0.05, never: 0.001, callMs: 3 } as const

export interface FailureRun {
  /** From the record to its commit in milliseconds, of keys that have no failing record in either run. */
  readonly healthy: Percentiles
  readonly mistakes: readonly string[]
}

const Task = Type.Object({ id: Type.Integer(), fails: Type.Integer() })
const DELAYS = ['100ms', '200ms', '400ms'] as const
const NEVER = DELAYS.length + 1
const SLICE_MS = 20

interface Failing {
  readonly id: number
  readonly key: string
  readonly fails: number
}

/** The same records each time. */
function tasks (): readonly Failing[] {
  const random = createRandom(2)
  return Array.from({ length: FAILING.records }, (_, id) => {
    const luck = random.next()
    return { id, key: `k${random.below(FAILING.keys)}`, fails: luck < FAILING.never ? NEVER : luck < FAILING.never + FAILING.twice ? 2 : 0 }
  })
}

/** A steady stream of records, in ordered mode: some fail twice and then pass, some never do; or none fails, for comparison. */
export async function runFailures (open: (owner: Owner) => Promise<Ground>, { fail }: { readonly fail: boolean }): Promise<FailureRun> {
  return await owning(`failing calls, ${fail ? 'some' : 'none'}`, async owner => {
    const ground = await open(owner)
    const all = tasks()
    const sick = new Set(all.filter(({ fails }) => fails > 0).map(({ key }) => key))
    const last = new Map<string, number>()
    const [mistakes, latencies]: [string[], number[]] = [[], []]
    const work = defineAsyncProcessor({
      name: 'work',
      input: Task,
      concurrency: 100,
      retry: ordered({ delays: DELAYS }),
      async process ({ key, value: { id, fails } }, { attempt }) {
        await sleep(FAILING.callMs)
        if (fail && attempt <= fails) {
          if (attempt === NEVER) pass(String(key), id)
          throw new Error('busy')
        }
        pass(String(key), id)
        return undefined
      }
    })
    const pass = (key: string, id: number): void => {
      if ((last.get(key) ?? -1) >= id) mistakes.push(`record ${id} of ${key} was done behind ${last.get(key)}`)
      last.set(key, id)
    }
    const topology = defineTopology('calls', ({ stream }) => {
      const { valid, dlq } = stream(defineTopic({ name: ground.topics.tasks })).validate(Task).branch({ valid: isValid, dlq: isRejected })
      dlq.to(defineTopic({ name: ground.topics.letters }), { format: 'raw' })
      valid.processAsync(work)
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    let done = 0
    await startCallsWorker(owner, ground, topology, ({ items }) => {
      const now = Date.now()
      for (const item of items) {
        if (item.record === undefined || item.parking !== undefined) continue
        done++
        if (!sick.has(String(item.record.key))) latencies.push(now - item.record.timestamp)
      }
      if (done >= FAILING.records) resolve()
    })
    await feed(ground, all)
    await promise
    const expected = fail ? all.filter(({ fails }) => fails === NEVER).length : 0
    const [end] = await ground.log.offsets([{ topic: ground.topics.letters, partition: 0 }], 'latest')
    if (end?.offset !== expected) mistakes.push(`${end?.offset} dead letters, and ${expected} records never pass`)
    return { healthy: percentilesOf(latencies), mistakes }
  })
}

/** Open loop: each record has its time, also when the process is late with it. */
async function feed ({ log, topics }: Ground, all: readonly Failing[]): Promise<void> {
  const producer = log.openProducer()
  const begun = Date.now()
  const perSlice = FAILING.perSecond * SLICE_MS / 1_000
  for (let from = 0; from < all.length; from += perSlice) {
    const timestamp = begun + from / FAILING.perSecond * 1_000
    const waitMs = timestamp - Date.now()
    if (waitMs > 0) await sleep(waitMs)
    await producer.send(all.slice(from, from + perSlice).map(({ id, key, fails }): OutgoingRecord => ({
      topic: topics.tasks, partition: 0, key: Buffer.from(key), value: Buffer.from(JSON.stringify({ id, fails })), headers: [], timestamp
    })))
  }
  await producer.close()
}
