import { deepEqual, equal } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineDependency, defineTopic, defineTopology, inPlace, ordered, type AsyncProcessorOptions } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { retryHeaders } from '../../../streams/task/calls/retry-record.ts'
import { Task } from '../../../streams/task/task.ts'
import { UnitGate } from '../../../streams/task/unit-gate.ts'
import { UnitLedger } from '../../../streams/task/unit-ledger.ts'
import { unitHeader } from '../../../streams/task/unit-stamp.ts'
import { logRecord, startEngine, type RunningEngine } from '../../helpers/tasks.ts'

const letters = defineTopic({ name: 'letters' })

type Options = Pick<AsyncProcessorOptions<unknown, unknown>, 'retry' | 'needs' | 'concurrency'> & { readonly process: () => Promise<unknown> }

/** An engine with two records of keys of their own, of a topology that calls. */
async function calling (t: TestContext, options: Options): Promise<RunningEngine & { readonly task: () => Task }> {
  const send = defineAsyncProcessor({ name: 'send', input: Type.Unknown(), output: Type.Unknown(), ...options })
  const topology = defineTopology('moving', { deadLetters: { topic: letters, format: 'raw' } }, ({ stream }) => {
    stream(defineTopic({ name: 'moves' })).processAsync(send)
  })
  const it = startEngine(t, { state: openMemoryState(), topology, producer: { send: async () => {}, close: async () => {} } })
  await it.hold(0)
  it.feed([0, 1].map(offset => logRecord({ offset, key: Buffer.from(`k${offset}`) })))
  return {
    ...it,
    task () {
      const [task] = it.engine.tasks
      if (task === undefined) throw new Error('It has no task.')
      return task
    }
  }
}

const partner = defineDependency({ name: 'partner', breaker: { minimumCalls: 2, cooldown: '1h' } })
const refused = (): Promise<never> => Promise.reject(new Error('connection refused'))

test('a task whose records wait for a breaker waits on purpose, and nobody else\'s task does', { timeout: 30_000 }, async t => {
  const it = await calling(t, { needs: [partner], process: refused, retry: ordered({ delays: ['1h'] }) })

  await it.until(() => it.pauses.of('breaker') !== undefined)

  equal(it.engine.waits(it.task()), true)
  equal(it.engine.troubleOf(it.task()), undefined)
  await it.engine.pause()
  it.engine.resume([])
  deepEqual(it.pauses.list(), [], 'what waited is somebody else\'s')
})

test('a breaker that closes with an answer that is an error is not waited for any more', { timeout: 30_000 }, async t => {
  const quick = defineDependency({ name: 'partner', breaker: { minimumCalls: 2, cooldown: '10ms' } })
  let calls = 0
  const it = await calling(t, {
    needs: [quick],
    concurrency: 2,
    process: async () => { throw ++calls <= 2 ? new Error('connection refused') : new TypeError('not found') },
    retry: ordered({ delays: ['1h'] })
  })

  await it.until(() => it.pauses.of('breaker') !== undefined)
  await it.until(() => it.pauses.of('breaker') === undefined)

  await it.drained(2)
})

test('a task whose calls have not had their time waits on purpose', { timeout: 30_000 }, async t => {
  const [called, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const it = await calling(t, {
    process: async () => {
      called.resolve()
      await answered.promise
    }
  })
  await called.promise
  equal(it.engine.waits(it.task()), true)
  answered.resolve()
  await it.drained(2)
})

test('a task whose record fails again and again where it stands does not, and says in which node, how often and why', { timeout: 30_000 }, async t => {
  const [called, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let calls = 0
  const it = await calling(t, {
    concurrency: 1,
    process: async () => {
      // The other record waits for its turn.
      if (++calls < 4) throw new Error('connection refused')
      called.resolve()
      return await answered.promise
    },
    retry: inPlace({ delays: ['1ms'], attempts: Infinity })
  })
  await called.promise
  equal(it.engine.waits(it.task()), false)
  const trouble = it.engine.troubleOf(it.task())
  deepEqual([trouble?.node, trouble?.error], ['send', 'connection refused'])
  answered.resolve()
  await it.drained(2)
  equal(it.engine.troubleOf(it.task()), undefined)
})

test('a task that has nothing but records that are not due waits on purpose, until one is', () => {
  let now = 0
  const topology = defineTopology('moving', ({ stream }) => { stream(defineTopic({ name: 'moves' })).foreach(() => {}) })
  const [subTopology] = topology.subTopologies
  if (subTopology === undefined) throw new TypeError('It has no sub-topology.')
  const position = { subTopology: subTopology.name, partition: 0, epoch: 1, unit: 0, offsets: {}, streamTime: -1, finished: {}, times: {} }
  const ledger = new UnitLedger({ state: openMemoryState(), learned: () => {} })
  const task = new Task(subTopology, position, ['moves', 'later'], 1, [], topic => topic === 'later' ? new UnitGate(ledger, () => now) : undefined)
  const offer = (topic: string, records: readonly ReturnType<typeof logRecord>[]): boolean => task.offer({ topic, partition: 0, askedOffset: 0, epoch: 1, records, nextOffset: records.length, endOffset: records.length })
  const retry = retryHeaders(logRecord(), { attempts: 1, firstFailedAtMs: 0, dueAtMs: 100, heldUntilMs: 100 }, { applicationId: 'app', origin: 'app/moves-0@0', error: new Error('busy') })
  const stamp = unitHeader({ generation: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', subTopology: 'moves', partition: 0, epoch: 1, unit: 0, attempt: 0 })

  offer('later', [logRecord({ topic: 'later', headers: [...retry, stamp] })])
  equal(task.isAllHeldAt(now), false, 'of the other topic nobody knows')
  offer('moves', [])
  equal(task.isAllHeldAt(now), true)
  now = 100
  equal(task.isAllHeldAt(now), false)
  now = 0
  task.offer({ topic: 'moves', partition: 0, askedOffset: 0, epoch: 1, records: [logRecord()], nextOffset: 1, endOffset: 1 })
  equal(task.isAllHeldAt(now), false, 'something else is at hand')
})
