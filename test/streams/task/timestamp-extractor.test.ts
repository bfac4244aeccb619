import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defineTopic, defineTopology, failOnInvalidTimestamp, logAndSkipOnInvalidTimestamp, SchemaNotLoaded, serdes, usePartitionTimeOnInvalidTimestamp,
  type Serde, type TimestampExtractor, type Topology
} from '../../../streams/index.ts'
import { createTestDriver, type TestDriver } from '../../../streams/testing.ts'
import { logRecord, taskOf } from '../../helpers/tasks.ts'

const input = defineTopic({ name: 'input', value: serdes.string })
const other = defineTopic({ name: 'other', value: serdes.string })
const out = defineTopic({ name: 'out', value: serdes.string })
const letters = defineTopic({ name: 'letters' })

const fromValue: TimestampExtractor<string, string> = ({ value }) => Number(value)

function copying (timestampExtractor: TimestampExtractor<string, string>): Topology {
  return defineTopology('copying', { deadLetters: { topic: letters, format: 'raw' } }, ({ stream }) => {
    stream(input, { timestampExtractor }).to(out)
  })
}

async function timesOf (driver: TestDriver): Promise<number[]> {
  return (await driver.output(out).readAll()).map(({ timestamp }) => timestamp)
}

async function pipe (driver: TestDriver, ...timestamps: readonly number[]): Promise<void> {
  for (const timestamp of timestamps) await driver.topic(input).pipe('a', 'x', { timestamp })
}

test('the extracted time is that of the record in the graph, of streams and of tables', async () => {
  const driver = createTestDriver(defineTopology('reading', ({ stream, table }) => {
    stream(input, { timestampExtractor: fromValue }).to(out)
    table(other, { timestampExtractor: fromValue }).toStream().to(out)
  }))
  await driver.topic(input).pipe('a', '70', { timestamp: 5 })
  await driver.topic(other).pipe('a', '30', { timestamp: 5 })

  assert.deepEqual(await timesOf(driver), [70, 30])
  await driver.close()
})

test('the extracted time decides which record is taken next, and each is decoded and extracted once', () => {
  let decoded = 0
  let extracted = 0
  const counting: Serde<string> = {
    ...serdes.string,
    decode (bytes) {
      decoded++
      return serdes.string.decode(bytes)
    }
  }
  const timed: TimestampExtractor<string, string> = record => {
    extracted++
    return Number(record.value)
  }
  const task = taskOf(defineTopology('merging', ({ stream }) => {
    stream(defineTopic({ name: 'input', value: counting }), { timestampExtractor: timed }).merge(stream(other)).foreach(() => {})
  }))
  const offer = (topic: string, records: readonly { readonly timestamp: number, readonly value: string }[]): boolean => task.offer({
    topic,
    partition: 0,
    epoch: 1,
    askedOffset: 0,
    nextOffset: records.length,
    endOffset: records.length,
    records: records.map(({ timestamp, value }, offset) => logRecord({ topic, offset, timestamp, value: Buffer.from(value) }))
  })
  offer('input', [{ timestamp: 1, value: '50' }, { timestamp: 2, value: '10' }])
  offer('other', [{ timestamp: 40, value: '' }, { timestamp: 60, value: '' }])

  const taken: string[] = []
  for (let item = task.take(); item !== undefined; item = task.take()) taken.push(`${item.record.topic}@${item.record.offset}:${item.decoded?.timestamp ?? 'undecoded'}`)

  assert.deepEqual(taken, ['other@0:undecoded', 'input@0:50', 'input@1:10', 'other@1:undecoded'])
  assert.deepEqual([decoded, extracted], [2, 2])
})

test('a negative time that is skipped drops the record, and is counted', async () => {
  const driver = createTestDriver(copying(logAndSkipOnInvalidTimestamp))
  await pipe(driver, 5, -1, 7)

  assert.deepEqual(await timesOf(driver), [5, 7])
  assert.equal((await driver.metrics())['dropped-records-total'], 1)
  await driver.close()
})

test('a negative time that fails is a failure of the record, which goes where failures go', async () => {
  const driver = createTestDriver(copying(failOnInvalidTimestamp))
  await pipe(driver, 5, -1, 7)

  assert.deepEqual(await timesOf(driver), [5, 7])
  assert.equal((await driver.deadLetters()).length, 1)
  await driver.close()
})

test('instead of a negative time that of the partition is used, after a restart too; before there is any the record fails', async () => {
  const driver = createTestDriver(copying(usePartitionTimeOnInvalidTimestamp))
  await pipe(driver, -1, 9, 4, -1)
  await driver.restart()
  await pipe(driver, -1)

  assert.deepEqual(await timesOf(driver), [9, 4, 9, 9])
  assert.equal((await driver.deadLetters()).length, 1)
  await driver.close()
})

test('what is no time is a failure of the record', async () => {
  const driver = createTestDriver(copying(() => NaN))
  await pipe(driver, 5)

  assert.deepEqual(await timesOf(driver), [])
  assert.equal((await driver.deadLetters()).length, 1)
  await driver.close()
})

test('a record whose schema has to be loaded first gets its time behind that', async () => {
  let isLoaded = false
  const loading: Serde<string> = {
    ...serdes.string,
    decode (bytes) {
      if (isLoaded) return serdes.string.decode(bytes)
      throw new SchemaNotLoaded('not here yet', 1, async () => { isLoaded = true })
    }
  }
  const driver = createTestDriver(defineTopology('loading', ({ stream }) => {
    stream(defineTopic({ name: 'input', value: loading }), { timestampExtractor: fromValue }).to(out)
  }))
  await driver.topic(input).pipe('a', '70', { timestamp: 5 })

  assert.deepEqual(await timesOf(driver), [70])
  await driver.close()
})

test('one topic cannot have two extractors', () => {
  assert.throws(() => defineTopology('twice', ({ stream }) => {
    stream(input, { timestampExtractor: fromValue }).foreach(() => {})
    stream(input).foreach(() => {})
  }), /topic 'input' with two timestampExtractors/)
})
