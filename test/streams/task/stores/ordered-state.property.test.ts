import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openMemoryState } from '../../../../streams/state/memory-state.ts'
import type { StoreWrite } from '../../../../streams/state/state.ts'
import { Journal } from '../../../../streams/task/stores/journal.ts'
import { openOrderedState } from '../../../../streams/task/stores/ordered-state.ts'
import { Suspended } from '../../../../streams/task/stores/store-state.ts'
import { buckets } from '../../../helpers/stores.ts'
import { claimUnit } from '../../../helpers/units.ts'

type Op =
  | { readonly kind: 'delete', readonly key: string }
  | { readonly kind: 'get', readonly key: string, readonly looksAhead: boolean }
  | { readonly kind: 'put', readonly key: string, readonly time: number }
  | { readonly kind: 'range', readonly from: string, readonly to: string | undefined, readonly reverse: boolean, readonly stopAfter: number, readonly consume: boolean, readonly looksAhead: boolean }
  | { readonly kind: 'expire', readonly before: number }

type Step =
  | { readonly kind: 'record', readonly ops: readonly Op[], readonly partition: number, readonly fails: boolean }
  | { readonly kind: 'seal' | 'write' | 'settle' | 'undo' | 'clear' }

const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), maxLength: 3 })

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('delete'), key }),
  fc.record({ kind: fc.constant('get'), key, looksAhead: fc.boolean() }),
  fc.record({ kind: fc.constant('put'), key, time: fc.nat(9) }),
  fc.record({
    kind: fc.constant('range'), from: key, to: fc.option(key, { nil: undefined }), reverse: fc.boolean(), stopAfter: fc.constantFrom(1, 3, Infinity), consume: fc.boolean(), looksAhead: fc.boolean()
  }),
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire'), before: fc.nat(5) }) }
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('record'), ops: fc.array(op, { minLength: 1, maxLength: 4 }), partition: fc.nat(1), fails: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('seal', 'write', 'settle') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('undo', 'clear') }) }
)

/** Behind all keys. */
const END = '\xff\xff\xff\xff'

/** What is stored when the steps begin. */
const content: fc.Arbitrary<Step[]> = fc.array(fc.record({
  kind: fc.constant('record'), ops: fc.array(fc.record({ kind: fc.constant('put'), key, time: fc.nat(9) }), { maxLength: 40, size: 'max' }), partition: fc.nat(1), fails: fc.constant(false)
}), { maxLength: 2 })

/** By partition and key: the number of the put that stands, and its time. */
type Model = ReadonlyMap<string, { readonly value: number, readonly time: number }>

test('a store reads and writes as a plain sorted map would, whatever is undone, dropped and read again meanwhile', async () => {
  await fc.assert(fc.asyncProperty(content, fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), fc.constantFrom(2, 8, 1_000), fc.integer({ min: 1, max: 4 }), async (content, steps, cached, page) => {
    await run([...content, { kind: 'seal' }, { kind: 'clear' }, ...steps], cached, page)
  }), { numRuns: 500 })
})

async function run (steps: readonly Step[], cached: number, page: number): Promise<void> {
  const memory = openMemoryState()
  const journal = new Journal()
  const mode = { speculating: false, missed: false, walking: 0, record: 0, unproven: 0 }
  const at = { partition: 0 }
  const state = openOrderedState(buckets, { journal, mode, at, reads: { lookups: 0, loadedKeys: 0 } }, { cached, page, answer: 100 })
  const { writer } = state
  let puts = 0
  let committed: Model = new Map()
  let sealed: { readonly model: Model, readonly write: StoreWrite | undefined, isWritten: boolean } | undefined
  let current: Model = new Map()
  /** What has an earlier time may be there or not. */
  let expired = 0

  const load = async (): Promise<void> => {
    const wanted = state.takeMissing()
    assert.ok(wanted !== undefined, 'it waits for nothing')
    const [loaded] = await memory.load([wanted])
    assert.ok(loaded !== undefined)
    state.accept(loaded, wanted)
  }

  /** Does what a record does, on the store and on the model, and compares what is read. */
  const process = (ops: readonly Op[]): Model => {
    const model = new Map(current)
    let nth = puts
    const place = (key: string): string => `${at.partition} ${key}`
    const assertSame = (key: string, found: { readonly value: unknown } | undefined): void => {
      const is = model.get(place(key))
      if (found === undefined && is !== undefined && is.time < expired) return
      assert.equal(found?.value, is?.value, JSON.stringify(key))
    }
    for (const each of ops) {
      switch (each.kind) {
        case 'get': {
          const found = writer.get(each.key, each.looksAhead ? { ahead: END } : {})
          if (found !== undefined || !mode.missed) assertSame(each.key, found)
          break
        }
        case 'put':
          writer.put(each.key, ++nth, each.time)
          model.set(place(each.key), { value: nth, time: each.time })
          break
        case 'delete':
          writer.delete(each.key)
          model.delete(place(each.key))
          break
        case 'expire':
          writer.expire(each.before)
          break
        case 'range': {
          const { from, to, reverse, stopAfter, consume, looksAhead } = each
          const expected = [...model].map(([place, { time }]) => ({ key: place.slice(2), isSure: time >= expired, place }))
            .filter(({ place, key }) => place.startsWith(`${at.partition} `) && key >= from && (to === undefined || key < to))
            .sort((a, b) => (a.key < b.key ? -1 : 1) * (reverse ? -1 : 1))
          let seen = 0
          let stopped = false
          for (const entry of writer.range(from, to, looksAhead && to !== undefined ? { reverse, ahead: END } : { reverse })) {
            // A guess, from here on.
            if (mode.missed) break
            while (expected[0] !== undefined && expected[0].key !== entry.key && !expected[0].isSure) expected.shift()
            assert.equal(entry.key, expected.shift()?.key)
            assertSame(entry.key, entry)
            if (consume) {
              writer.delete(entry.key)
              model.delete(place(entry.key))
            }
            if (++seen < stopAfter) continue
            stopped = true
            break
          }
          if (!stopped && !mode.missed) assert.deepEqual(expected.filter(({ isSure }) => isSure), [])
        }
      }
      if (mode.missed) return model
    }
    puts = nth
    return model
  }

  const settle = async (): Promise<void> => {
    if (sealed === undefined) return
    await write()
    state.committed(undefined)
    committed = sealed.model
    sealed = undefined
  }

  const write = async (): Promise<void> => {
    if (sealed === undefined || sealed.isWritten) return
    sealed.isWritten = true
    const unit = await memory.begin()
    await claimUnit(unit, [], [])
    await unit.write(sealed.write === undefined ? [] : [sealed.write], [])
  }

  const record = async ({ ops, partition, fails }: Extract<Step, { kind: 'record' }>): Promise<void> => {
    at.partition = partition
    for (let suspensions = 0; ; suspensions++) {
      assert.ok(suspensions < 200, 'it never becomes ready')
      journal.forget()
      mode.missed = false
      try {
        const model = process(ops)
        if (fails) journal.undo()
        else {
          current = model
          expired = Math.max(expired, ...ops.map(each => each.kind === 'expire' ? each.before : 0))
        }
        return
      } catch (error) {
        if (!(error instanceof Suspended)) throw error
        journal.undo()
      }
      mode.speculating = true
      process(ops)
      mode.speculating = false
      journal.undo()
      await load()
    }
  }

  for (const step of steps) {
    switch (step.kind) {
      case 'record':
        await record(step)
        break
      case 'seal':
        await settle()
        state.seal()
        sealed = { model: current, write: state.write(), isWritten: false }
        break
      case 'write':
        await write()
        break
      case 'settle':
        await settle()
        break
      case 'clear': case 'undo':
        if (sealed !== undefined && (sealed.isWritten || step.kind === 'clear')) await settle()
        state.undo()
        sealed = undefined
        current = committed
        if (step.kind === 'clear') state.clear()
    }
  }
  await settle()
  state.seal()
  sealed = { model: current, write: state.write(), isWritten: false }
  await settle()
  const stored = new Map(memory.table(buckets).map(({ partition, key, value }) => [`${partition} ${key}`, Number(value)]))
  const isSure = (place: string): boolean => (current.get(place)?.time ?? expired) >= expired
  assert.deepEqual([...stored].filter(([place]) => isSure(place)).sort(), [...current].filter(([place]) => isSure(place)).map(([place, { value }]) => [place, value]).sort())
  for (const [place, value] of stored) assert.equal(value, current.get(place)?.value)
}
