import { Type, type Static } from 'typebox'
import { defineAsyncProcessor, defineDependency, defineTopic, defineTopology, delayTopics, isRejected, isValid, ordered, serdes, type AsyncProcessorOptions, type Topology } from '../../streams/index.ts'

/** One set of topics for all of these topologies. */
export const CallingSettings = Type.Object({
  CALLING_ERRANDS: Type.String({ default: 'errands' }),
  CALLING_RESULTS: Type.String({ default: 'results' }),
  CALLING_LETTERS: Type.String({ default: 'letters' }),
  CALLING_PARTNER: Type.String({ default: 'http://127.0.0.1:1/' })
})

export const ErrandValue = Type.Object({ id: Type.Integer(), fails: Type.Integer(), takesMs: Type.Number() })
const Result = Type.Object({ id: Type.Integer(), attempt: Type.Integer() })

/** The delays of the delay topics, and of the parked records. */
export const DELAYS_MS = [200, 400, 800, 1_600] as const
const delays = DELAYS_MS.map(ms => `${ms}ms` as const)

export const BREAKER = { minimumCalls: 10, cooldownMs: 1_000 } as const

class Refused extends Error {}

const classify = (error: unknown) => error instanceof Refused ? 'poison' : undefined

type Options = Pick<AsyncProcessorOptions<Static<typeof ErrandValue>, Static<typeof Result>>, 'retry' | 'needs' | 'order' | 'concurrency'>

/** errands → run-errand → results, and behind it a row per key: what was done for it, in the order in which it took effect. */
function calling (name: string, options: Options): Topology {
  return defineTopology(name, { settings: CallingSettings }, ({ settings, stream }) => {
    const run = defineAsyncProcessor({
      name: 'run-errand',
      input: ErrandValue,
      output: Result,
      ...options,
      async process ({ value }, { signal, idempotencyKey, attempt }) {
        const headers = { 'idempotency-key': idempotencyKey, 'x-attempt': String(attempt), 'x-pid': String(process.pid) }
        const { status } = await fetch(settings.CALLING_PARTNER, { method: 'POST', body: JSON.stringify(value), headers, signal })
        if (status === 400) throw new Refused('the partner refuses it')
        if (status !== 200) throw new Error(`the partner says ${status}`)
        return { id: value.id, attempt }
      }
    })
    const { valid, dlq } = stream(defineTopic({ name: settings.CALLING_ERRANDS })).validate(ErrandValue).branch({ valid: isValid, dlq: isRejected })
    dlq.to(defineTopic({ name: settings.CALLING_LETTERS }), { format: 'raw' })
    const results = valid.processAsync(run)
    results.to(defineTopic({ name: settings.CALLING_RESULTS }))
    results
      .groupByKey({ value: serdes.json(Result) })
      .aggregate(() => '', (done, { id, attempt }) => `${done}${id}/${attempt} `, { store: { name: 'done', value: serdes.string } })
  })
}

const partner = defineDependency({ name: 'partner', breaker: { minimumCalls: BREAKER.minimumCalls, failureRate: 0.5, window: '10s', cooldown: BREAKER.cooldownMs } })

const delayed = calling('delayed', { retry: delayTopics({ delays, classify }) })
const parked = calling('parked', { retry: ordered({ delays, classify }), concurrency: 32 })
const guarded = calling('guarded', { retry: delayTopics({ delays, classify }), needs: [partner] })

export const callings: Readonly<Record<string, Topology>> = Object.fromEntries([delayed, parked, guarded].map(topology => [topology.name, topology]))
