import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineOrdered, defineProcessor, defineTopic, defineTopology, delayTopics, inPlace, isRejected, isValid, ordered, serdes, type RetryPolicy } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const orders = defineTopic({ name: 'orders' })
const deadLetters = defineTopic({ name: 'orders-dlq' })

/** How often a call for it fails before one works. */
const Order = Type.Object({ id: Type.Integer(), key: Type.String(), failures: Type.Integer() })
type Order = Type.Static<typeof Order>

/** What was done for a key, in order: one entry per record that arrived behind the call. */
const done = defineOrdered({ name: 'done', value: serdes.string })

const policies: Readonly<Record<string, RetryPolicy>> = {
  'in place': inPlace({ delays: ['1s', '1s', '1s'] }),
  'delay topics': delayTopics({ delays: ['1s', '2s', '4s'] }),
  ordered: ordered({ delays: ['1s', '1s', '1s'] })
}

const steps = fc.array(fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), failures: fc.constantFrom(0, 0, 0, 1, 2, 3, 9) }), { minLength: 1, maxLength: 6 }).map(records => ({ kind: 'records' as const, records })) },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 3_000 }).map(ms => ({ kind: 'advance' as const, ms })) },
  { weight: 1, arbitrary: fc.constantFrom('inserted' as const, 'claimed' as const, 'produced' as const, 'written' as const).map(at => ({ kind: 'crash' as const, at })) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'restart' as const }, { kind: 'rebalance' as const }) }
), { maxLength: 14 })

for (const [name, retry] of Object.entries(policies)) {
  test(`${name}: whatever crashes, each record is done once or is a dead letter, never early, and ${name === 'delay topics' ? 'no key holds up another' : 'in the order of its key'}`, async () => {
    await fc.assert(fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }), async (play, maxUnitRecords, partitions) => {
      const sent: Order[] = []
      const attemptedAt = new Map<number, Map<number, number>>()
      const call = defineAsyncProcessor({
        name: 'call',
        input: Order,
        output: Order,
        concurrency: 3,
        retry,
        process: async ({ value }, { attempt, now, sleep }) => {
          const attempts = attemptedAt.get(value.id) ?? new Map<number, number>()
          attemptedAt.set(value.id, attempts)
          const before = attempts.get(attempt - 1)
          assert.ok(attempt === 1 || before === undefined || now() >= before + 1_000, 'never early')
          // Made again after a crash, an attempt counts from then on.
          attempts.set(attempt, now())
          if (value.id % 3 === 0) await sleep(50)
          if (attempt <= value.failures) throw new Error('busy')
          return value
        }
      })
      const note = defineProcessor({
        name: 'note',
        input: Order,
        stores: { done },
        process: ({ value: { id, key } }, { stores }) => {
          const [last] = stores.done.range(`${key}/`, `${key}0`, { reverse: true })
          const number = last === undefined ? 1 : Number(last.key.slice(2)) + 1
          stores.done.put(`${key}/${String(number).padStart(4, '0')}`, String(id), 0)
        }
      })
      const driver = createTestDriver(defineTopology('calling', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
        stream(orders).validate(Order).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(call).process(note)
      }), { maxUnitRecords, partitions, debug: false })
      const input = driver.topic(orders)
      for (const step of play) {
        if (step.kind === 'records') {
          const records = step.records.map((record, index) => ({ ...record, id: sent.length + index }))
          sent.push(...records)
          await input.pipeAll(records.map(value => ({ key: value.key, value })))
        } else if (step.kind === 'advance') await driver.advanceWallClock(step.ms)
        else if (step.kind === 'crash') driver.crashAt(step.at)
        else if (step.kind === 'restart') await driver.restart()
        else await driver.rebalance()
      }
      for (let second = 0; second < 4 * sent.length + 20; second++) await driver.advanceWallClock(1_000)

      const given = sent.filter(({ failures }) => failures > 3).map(({ id }) => id)
      const letters = new Set((await driver.deadLetters()).map(({ value }) => (JSON.parse(value?.toString() ?? '{}') as Order).id))
      assert.deepEqual([...letters].sort((a, b) => a - b), given)
      for (const key of ['a', 'b', 'c']) {
        const wanted = sent.filter(order => order.key === key && order.failures <= 3).map(({ id }) => id)
        const found = (await driver.store(done).all()).filter(({ key: entry }) => entry.startsWith(`${key}/`)).map(({ value }) => Number(value))
        if (name === 'delay topics') found.sort((a, b) => a - b)
        assert.deepEqual(found, wanted, key)
      }
    }), { numRuns: 60 })
  })
}
