import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogError, type Log, type ReaderOptions } from '../../../streams/log/log.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { readRanges, readRecord, wholeRanges } from '../../../streams/log/read-range.ts'

async function world (count: number): Promise<Log> {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'in', partitions: 2 }])
  await log.openProducer().send(Array.from({ length: count }, (_, n) => ({ topic: 'in', partition: n % 2, key: null, value: Buffer.from(String(n)), headers: [] })))
  return log
}

async function valuesOf (log: Log, ranges = wholeRanges(log, ['in'])): Promise<number[]> {
  const values: number[] = []
  for await (const { records } of readRanges(log, await ranges)) values.push(...records.map(({ value }) => Number(value)))
  return values
}

test('all that a topic holds is read, partition by partition, and nothing that comes later', async () => {
  const log = await world(10_000)
  const ranges = wholeRanges(log, ['in'])
  await ranges
  await log.openProducer().send([{ topic: 'in', partition: 0, key: null, value: Buffer.from('-1'), headers: [] }])

  const numbers = Array.from({ length: 10_000 }, (_, n) => n)
  assert.deepEqual(await valuesOf(log, ranges), [...numbers.filter(n => n % 2 === 0), ...numbers.filter(n => n % 2 === 1)])
})

test('a part is read, and one record', async () => {
  const log = await world(20)

  assert.deepEqual(await valuesOf(log, Promise.resolve([{ topic: 'in', partition: 1, from: 2, to: 5 }])), [5, 7, 9])
  assert.equal(String((await readRecord(log, { topic: 'in', partition: 1, offset: 3 }))?.value), '7')
  assert.equal(await readRecord(log, { topic: 'in', partition: 1, offset: 10 }), undefined)
})

test('where records are deleted meanwhile, reading goes on from what is left', async () => {
  const log = await world(20)
  const ranges = await wholeRanges(log, ['in'])
  await log.deleteRecords([{ topic: 'in', partition: 0, offset: 8 }, { topic: 'in', partition: 1, offset: 10 }])

  assert.deepEqual(await valuesOf(log, Promise.resolve(ranges)), [16, 18])
})

test('no more than three answers are at hand, however slow the taker is', async () => {
  const log = await world(0)
  const [asked, answers] = [[] as number[], 20]
  const openReader = (options: ReaderOptions) => {
    const answer = (): void => {
      const [position] = options.wanted()
      if (position === undefined) return
      asked.push(position.offset)
      options.deliver({ ...position, askedOffset: position.offset, records: [], nextOffset: position.offset + 1, endOffset: answers })
      answer()
    }
    setImmediate(answer)
    return { wake: answer, close: async () => {} }
  }

  let taken = 0
  for await (const _ of readRanges({ ...log, openReader }, [{ topic: 'in', partition: 0, from: 0, to: answers }])) {
    taken++
    assert.ok(asked.length - taken <= 2)
  }
  assert.equal(taken, answers)
})

test('what may not be read is said', async () => {
  const log = await world(0)
  const openReader = ({ failed }: ReaderOptions) => {
    setImmediate(() => failed({ topic: 'in', partition: 0, offset: 0, epoch: 0 }, new LogError('fatal', 'Reading in is not allowed.')))
    return { wake: () => {}, close: async () => {} }
  }

  await assert.rejects(valuesOf({ ...log, openReader }, Promise.resolve([{ topic: 'in', partition: 0, from: 0, to: 1 }])), /not allowed/)
})
