import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineOrdered, serdes, type OrderedWriter } from '../../../../streams/index.ts'
import { openMemoryState, type MemoryState } from '../../../../streams/state/memory-state.ts'
import { StateError } from '../../../../streams/state/state.ts'
import { CACHED_KEYS, Suspended } from '../../../../streams/task/stores/store-state.ts'
import { StoreStates } from '../../../../streams/task/stores/store-states.ts'
import { claimUnit } from '../../../helpers/units.ts'
import { buckets } from '../../../helpers/stores.ts'

interface World {
  readonly stores: StoreStates
  readonly memory: MemoryState
  readonly writer: OrderedWriter
  /** Loads what was missed; how much of it there was. */
  readonly load: () => Promise<number>
  /** Runs work as a record of this partition until its state is at hand. */
  readonly record: <T>(work: (writer: OrderedWriter) => T, partition?: number) => Promise<T>
  /** Writes the sealed unit. */
  readonly write: () => Promise<void>
  /** Seals, writes and commits. */
  readonly commit: () => Promise<void>
}

function open (): World {
  const stores = new StoreStates([buckets])
  const memory = openMemoryState()
  const writer = stores.writer(buckets)
  const world: World = {
    stores,
    memory,
    writer,
    async load () {
      const wanted = stores.takeMissing()
      stores.accept(await memory.load(wanted), wanted)
      return wanted.reduce((sum, each) => sum + each.keys.length + ('ranges' in each ? each.ranges.length : 0), 0)
    },
    async record (work, partition = 0) {
      for (;;) {
        stores.beginRecord(partition)
        try {
          return work(writer)
        } catch (error) {
          if (!(error instanceof Suspended)) throw error
          stores.undoRecord()
          assert.ok(await world.load() > 0, 'it waits for nothing')
        }
      }
    },
    async write () {
      const unit = await memory.begin()
      await claimUnit(unit, [], [])
      await unit.write(stores.writes(), [])
    },
    async commit () {
      stores.seal()
      await world.write()
      stores.committed([])
    }
  }
  return world
}

const keysOf = (range: Iterable<{ readonly key: string }>): string => [...range].map(({ key }) => key).join('')

/** Entries under these keys, one per character, committed; nothing of them in memory. */
async function stored (keys: string): Promise<World> {
  const world = open()
  await world.record(writer => { for (const key of keys) writer.put(key, key.toUpperCase(), 1) })
  await world.commit()
  world.stores.clear()
  return world
}

test('a key that is not known suspends the record; once it was asked for it is known, also when it is not there', async () => {
  const { stores, writer, load } = await stored('b')
  stores.beginRecord(0)
  assert.throws(() => writer.get('a'), Suspended)
  assert.throws(() => writer.get('b'), Suspended)

  assert.equal(await load(), 2)

  assert.deepEqual([writer.get('a'), { ...writer.get('b') }], [undefined, { key: 'b', value: 'B', timestamp: 1, time: 1 }])
  assert.deepEqual(stores.takeMissing(), [])
})

test('what is put or deleted needs no reading, and is read back', async () => {
  const { stores, writer, memory, commit } = await stored('ab')
  stores.beginRecord(0)

  writer.put('a', 'new', 5, 3)
  writer.delete('b')

  assert.deepEqual([writer.get('a')?.value, writer.get('b')], ['new', undefined])
  await commit()
  assert.deepEqual(memory.table(buckets), [{ partition: 0, key: 'a', value: '"new"', timestamp: 5, time: 3 }])
})

test('a range comes in the order of bytes, forward and backward, over what is stored and what was put', async () => {
  const { record } = await stored('bdf\xff')

  const ranges = await record(writer => {
    writer.put('c', 1, 1)
    writer.put('e\0', 1, 1)
    writer.delete('d')
    return [keysOf(writer.range('b', 'f')), keysOf(writer.range('', undefined)), keysOf(writer.range('b', 'f', { reverse: true })), keysOf(writer.range('c', undefined, { reverse: true })), keysOf(writer.range('x', 'b'))]
  })

  assert.deepEqual(ranges, ['bce\0', 'bce\0f\xff', 'e\0cb', '\xfffe\0c', ''])
})

test('a range that was read is known: its keys, its gaps, and all ranges within', async () => {
  const { stores, record, writer } = await stored('abcdef')
  await record(writer => keysOf(writer.range('b', 'e')))

  stores.beginRecord(0)

  assert.deepEqual([writer.get('b')?.value, writer.get('bb'), keysOf(writer.range('bb', 'e', { reverse: true }))], ['B', undefined, 'dc'])
  assert.throws(() => writer.get('a'), Suspended)
  assert.throws(() => writer.get('e'), Suspended)
})

test('who reads ahead is asked for once: what several look for up to the same key is one range, and what is not there is known', async () => {
  const { stores, record, writer, load } = await stored('acx')
  stores.beginRecord(0)
  for (const key of ['c', 'b', 'd']) assert.throws(() => writer.get(key, { ahead: 'm' }), Suspended)
  assert.throws(() => keysOf(writer.range('b', 'e', { ahead: 'm' })), Suspended)

  assert.equal(await load(), 1)

  stores.beginRecord(0)
  assert.deepEqual([writer.get('b'), writer.get('c')?.value, writer.get('l'), keysOf(writer.range('b', 'm'))], [undefined, 'C', undefined, 'c'])
  assert.throws(() => writer.get('a', { ahead: 'm' }), Suspended)
  assert.throws(() => writer.get('m'), Suspended)
  stores.takeMissing()
  await record(writer => writer.put('k', 'new', 1))
  stores.beginRecord(0)
  assert.equal(keysOf(writer.range('c', 'l', { ahead: 'm' })), 'ck')
})

test('a long range is read by page, only as far as somebody looks, from either end', async () => {
  const world = open()
  const keys = Array.from({ length: 2_500 }, (_, index) => String(index).padStart(5, '0'))
  await world.record(writer => { for (const key of keys) writer.put(key, key, 1) })
  await world.commit()
  world.stores.clear()
  const first = async (reverse: boolean): Promise<unknown> => await world.record(writer => writer.range('', undefined, { reverse })[Symbol.iterator]().next().value?.key)

  assert.deepEqual([await first(false), await first(true)], ['00000', '02499'])
  world.stores.beginRecord(0)
  assert.equal(world.writer.get('00999')?.value, '00999')
  assert.equal(world.writer.get('01500')?.value, '01500')
  assert.throws(() => world.writer.get('01000'), Suspended)
  assert.throws(() => world.writer.get('01499'), Suspended)

  assert.deepEqual(await world.record(writer => [...writer.range('', undefined)].map(({ key }) => key)), keys)
})

test('while it is only walked, a record learns what it misses and gets nothing', async () => {
  const { stores, writer, load } = await stored('abc')
  stores.beginRecord(0)
  stores.mode.speculating = true

  assert.deepEqual([writer.get('a'), keysOf(writer.range('b', undefined))], [undefined, ''])

  assert.ok(stores.mode.missed)
  stores.mode.speculating = false
  assert.equal(await load(), 2)
  stores.beginRecord(0)
  assert.deepEqual([writer.get('a')?.value, keysOf(writer.range('b', undefined))], ['A', 'bc'])
})

test('a range that is walked bears that its keys are put and deleted meanwhile', async () => {
  const { record } = await stored('abcdefgh')

  const seen = await record(writer => {
    let seen = ''
    for (const { key } of writer.range('', undefined)) {
      seen += key
      writer.delete(key)
      writer.delete('d')
      writer.put(`${key}${key}`, 1, 1)
    }
    return seen.replaceAll(/(.)\1+/g, '$1')
  })

  assert.equal(seen, 'abcefgh')
})

test('each partition has a part of its own', async () => {
  const { record, commit, memory } = open()
  await record(writer => writer.put('k', 'zero', 1), 0)
  await record(writer => writer.put('k', 'one', 1), 1)
  await commit()

  assert.deepEqual([await record(writer => writer.get('k')?.value, 0), await record(writer => keysOf(writer.range('', undefined)), 2)], ['zero', ''])
  assert.deepEqual(memory.table(buckets).map(({ partition, value }) => [partition, value]), [[0, '"zero"'], [1, '"one"']])
})

test('an undone record leaves what the record before had put, an undone unit what was committed', async () => {
  const { stores, writer, record, commit } = await stored('ab')
  await record(writer => {
    writer.put('a', 'one', 2)
    writer.put('new', 'one', 2)
  })
  stores.beginRecord(0)
  writer.put('a', 'two', 3)
  writer.delete('new')
  writer.put('newer', 'two', 3)

  stores.undoRecord()
  assert.deepEqual([writer.get('a')?.value, writer.get('new')?.value], ['one', 'one'])
  assert.throws(() => writer.get('newer'), Suspended)

  stores.seal()
  writer.put('a', 'three', 4)
  stores.undo()
  assert.deepEqual(await record(writer => [...writer.range('', undefined)].map(({ value }) => value)), ['A', 'B'])
  await commit()
  assert.deepEqual(stores.writes(), [])
})

test('a unit writes what the next one has changed again as it left it itself', async () => {
  const { stores, writer, memory, write, commit } = await stored('a')
  writer.put('a', 'one', 2)
  writer.put('b', 'one', 2)
  stores.seal()
  writer.put('a', 'two', 3)
  writer.delete('b')

  await write()
  assert.deepEqual(memory.table(buckets).map(({ value }) => value), ['"one"', '"one"'])
  stores.committed([])
  await commit()

  assert.deepEqual(memory.table(buckets).map(({ key, value }) => [key, value]), [['a', '"two"']])
})

test('what is made and deleted again within a unit is not written where it is known not to have been there', async () => {
  const { stores, record } = open()
  await record(writer => writer.get('a'))
  await record(writer => writer.put('a', 1, 1))
  await record(writer => writer.delete('a'))

  stores.seal()

  assert.deepEqual(stores.writes(), [])
})

test('of the times before which entries may go the largest of what stands is written', async () => {
  const { stores, writer, memory, record, commit } = open()
  await record(writer => {
    writer.put('old', 1, 10)
    writer.put('kept', 1, 10, 30)
    writer.expire(20)
    writer.expire(15)
  })
  stores.beginRecord(0)
  writer.expire(99)
  stores.undoRecord()

  await commit()

  assert.deepEqual(memory.table(buckets).map(({ key }) => key), ['kept'])
  writer.expire(50)
  stores.seal()
  writer.expire(60)
  stores.undo()
  stores.seal()
  assert.deepEqual(stores.writes(), [])
})

test('a value that cannot be bytes is bad data, one that is no value any more is fatal', async () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const { stores, writer, memory, commit } = open()
  writer.put('a', cyclic, 1)
  stores.seal()
  assert.throws(() => stores.writes(), (error: unknown) => error instanceof StateError && error.kind === 'data' && error.message.includes("store 'buckets'"))
  stores.undo()
  writer.put('a', 1, 1)
  await commit()
  const other = defineOrdered({ name: 'buckets', value: { ...serdes.json, decode () { throw new Error('not mine') } } })
  const reading = new StoreStates([other])
  assert.throws(() => reading.writer(other).get('a'), Suspended)
  const wanted = reading.takeMissing()
  const loaded = await memory.load(wanted)

  assert.throws(() => reading.accept(loaded, wanted), (error: unknown) => error instanceof StateError && error.kind === 'fatal' && error.message.includes('not mine'))
})

test('memory is bounded: what was not used lately is read again, what is in flight stays', async () => {
  const { stores, writer, record, commit } = open()
  const keyOf = (index: number): string => String(index).padStart(8, '0')
  await record(writer => keysOf(writer.range('', undefined)))
  for (let index = 0; index < CACHED_KEYS; index++) writer.put(keyOf(index), index, 1)
  await commit()
  await record(writer => assert.equal(writer.get(keyOf(7))?.value, 7))
  writer.put(keyOf(CACHED_KEYS), 1, 1)

  await commit()

  stores.beginRecord(0)
  assert.throws(() => writer.get(keyOf(8)), Suspended)
  assert.deepEqual([writer.get(keyOf(7))?.value, writer.get(keyOf(CACHED_KEYS - 1))?.value], [7, CACHED_KEYS - 1])
  assert.equal(await record(writer => [...writer.range('', undefined)].length), CACHED_KEYS + 1)
})
