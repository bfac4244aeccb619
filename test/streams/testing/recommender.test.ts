import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes, defineTopic } from '../../../streams/index.ts'
import { createTestDriver, type TestDriver, type TestDriverOptions } from '../../../streams/testing.ts'
import { openStoreViews } from '../../../streams/testing/store-view.ts'
import { recommender } from '../../../topology/recommender.ts'
import { openEmbedded, type Embedded } from '../../helpers/embedded.ts'
import { contractSettings, type ModelRecord } from '../../helpers/model.ts'
import { createRandomLog } from '../../helpers/random-log.ts'

const { topics: { impression, watch, event } } = contractSettings
const topology = recommender.configure({ TOPIC_IMPRESSION: impression, TOPIC_WATCH: watch, TOPIC_EVENT: event, TOPIC_DLQ: 'dlq' })
const PARTITIONS = 3
const records = createRandomLog({ seed: 21, events: 600, partitions: PARTITIONS, shares: { broken: 0.05, duplicate: 0.05 } })

/** Every store's content, and which records were dead-lettered, by whom and why. */
interface Result {
  readonly stores: Readonly<Record<string, readonly unknown[]>>
  readonly deadLetters: readonly string[]
}

async function resultOf (driver: TestDriver): Promise<Result> {
  const stores: Record<string, readonly unknown[]> = {}
  for (const store of topology.stores) stores[store.name] = await driver.store(store.name).all()
  const deadLetters = (await driver.deadLetters()).map(({ source: { topic, partition, offset }, node, errorType }) => `${topic}-${partition}@${offset} ${node} ${errorType}`)
  return { stores, deadLetters: [...new Set(deadLetters)].sort() }
}

async function embeddedResult ({ state, units }: Embedded): Promise<Result> {
  const stores: Record<string, readonly unknown[]> = {}
  const view = openStoreViews({ topology, applicationId: 'test', state, settled: async () => {} })
  for (const { name } of topology.stores) stores[name] = await view(name).all()
  const deadLetters = units.flatMap(({ emissions }) => emissions.filter(({ isDeadLetter }) => isDeadLetter)).map(({ item, record: { headers } }) => {
    const text = (name: string): string => headers.find(([each]) => each === name)?.[1]?.toString() ?? ''
    return `${item.record?.topic}-${item.record?.partition}@${item.record?.offset} ${text('__millrace.errors.node')} ${text('__millrace.errors.type')}`
  })
  return { stores, deadLetters: deadLetters.sort() }
}

function open (options: TestDriverOptions = {}): TestDriver {
  return createTestDriver(topology, { partitions: PARTITIONS, ...options })
}

async function pipe (driver: TestDriver, { topic, partition, key, value, timestamp }: ModelRecord): Promise<void> {
  const keyBytes = key === null || Buffer.isBuffer(key) ? key : Buffer.from(key)
  await driver.topic({ ...defineTopic({ name: topic }), key: serdes.bytes, value: serdes.bytes }).pipe(keyBytes, value, { timestamp, partition })
}

/** What the embedded worker makes of the same log; asked for once. */
let expected: Promise<Result> | undefined

test('a random log gives what the embedded worker makes of it, one record a unit and many', async t => {
  expected = openEmbedded(t, topology, { partitions: PARTITIONS }).then(async embedded => {
    await embedded.pipe(records)
    return await embeddedResult(embedded)
  })
  const alone = open()
  const together = open({ maxUnitRecords: 50 })

  for (const record of records) await pipe(alone, record)
  await Promise.all(records.map(record => pipe(together, record)))

  assert.ok((await expected).deadLetters.length > 10)
  assert.deepEqual(await resultOf(alone), await expected)
  assert.deepEqual(await resultOf(together), await expected)
})

for (const step of ['inserted', 'claimed', 'produced', 'written'] as const) {
  test(`a process that dies again and again behind '${step}' loses nothing and counts nothing twice`, async () => {
    const driver = open({ debug: false })

    for (const [index, record] of records.entries()) {
      if (index % 3 === 0) driver.crashAt(step)
      await pipe(driver, record)
    }

    assert.deepEqual(await resultOf(driver), await expected)
  })
}

test('restarts and rebalances between records change nothing', async () => {
  const driver = open({ debug: false })

  for (const [index, record] of records.entries()) {
    if (index % 7 === 0) await driver.restart()
    if (index % 5 === 0) await driver.rebalance()
    await pipe(driver, record)
  }

  assert.deepEqual(await resultOf(driver), await expected)
})
