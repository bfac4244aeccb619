import { Admin, CompressionAlgorithms, Producer, type ProducerOptions } from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openKafkaLog } from '../../streams/log/kafka/kafka-log.ts'
import type { FetchedBatch } from '../../streams/log/log.ts'
import { groupOptions, join, logContract, logWithTopic, opened, outgoing, partitionsOf, collect, produce, readTo, rejection, text, unique, until } from '../streams/log/log.contract.ts'

const bootstrap = process.env.KAFKA_BOOTSTRAP

if (bootstrap === undefined) {
  test('the log on Kafka', { skip: 'KAFKA_BOOTSTRAP names no broker' })
} else {
  const openLog = () => openKafkaLog({ brokers: bootstrap.split(','), clientId: 'test' }, { topicCheckMs: 500 })
  logContract('kafka', openLog)

  test('kafka: records of an aborted transaction are not read, and the reader passes over them', async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const producer = transactional(t)
    // Two aborts of one producer in one answer: the client's own filter lets the first through.
    for (const [value, outcome] of [['a1', 'abort'], ['c1', 'commit'], ['a2', 'abort'], ['c2', 'commit']] as const) {
      const transaction = await producer.beginTransaction()
      await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] })
      await transaction[outcome]()
    }

    const { records, batches } = await readTo(t, log, { topic, partition: 0, end: 8 })

    assert.deepEqual(records.map(({ value }) => text(value)), ['c1', 'c2'])
    assert.deepEqual([batches.at(-1)?.nextOffset, batches.at(-1)?.endOffset], [8, 8])
  })

  test('kafka: an abort whose marker is in a later answer hides its records all the same', async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const producer = transactional(t)
    const transaction = await producer.beginTransaction()
    for (let i = 0; i < 20; i++) await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.alloc(10_000) }] })
    await transaction.abort()
    await produce(t, log, [outgoing({ topic, value: Buffer.from('after') })])

    const batches = await collect(t, log, { wanted: partitionsOf(topic, 1), maxBytes: 30_000, until: batches => batches.at(-1)?.nextOffset === 22 })

    assert.ok(batches.length > 3)
    assert.deepEqual(batches.flatMap(({ records }) => records.map(({ value }) => text(value))), ['after'])
  })

  test('kafka: an open transaction is neither read nor counted to the end', async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, [outgoing({ topic })])
    const transaction = await transactional(t).beginTransaction()
    await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from('open') }] })

    const { batches } = await readTo(t, log, { topic, partition: 0, end: 1 })
    const latest = await log.offsets([{ topic, partition: 0 }], 'latest')
    await transaction.commit()

    assert.deepEqual([batches.at(-1)?.nextOffset, batches.at(-1)?.endOffset], [1, 1])
    assert.deepEqual(latest, [{ topic, partition: 0, offset: 1 }])
  })

  for (const compression of Object.values(CompressionAlgorithms)) {
    test(`kafka: records compressed with ${compression} are read`, async t => {
      const { log, topic } = await logWithTopic(t, openLog)
      const producer = plain(t, { compression })
      const values = Array.from({ length: 300 }, (_, i) => `value ${i} `.repeat(20))
      for (const part of [values.slice(0, 150), values.slice(150)]) {
        await producer.send({ messages: part.map((value, i) => ({ topic, partition: 0, key: Buffer.from(String(i)), value: Buffer.from(value), headers: new Map([[Buffer.from('h'), Buffer.from('x')]]) })) })
      }

      const { records } = await readTo(t, log, { topic, partition: 0, end: 300 })
      const fromTheMiddle = await collect(t, log, { wanted: [{ topic, partition: 0, offset: 77, epoch: 0 }], until: batches => batches.at(-1)?.nextOffset === 300 })

      assert.deepEqual(records.map(({ value }) => text(value)), values)
      assert.deepEqual(records[7]?.headers.map(([name, value]) => [name, text(value)]), [['h', 'x']])
      assert.equal(fromTheMiddle.flatMap(({ records }) => records)[0]?.offset, 77)
    })
  }

  test('kafka: where the topic says LogAppendTime, the timestamp is the broker\'s', async t => {
    const log = opened(t, openLog)
    const topic = unique('append-time')
    await log.createTopics([{ name: topic, partitions: 1, configs: { 'message.timestamp.type': 'LogAppendTime' } }])
    const before = Date.now()
    await produce(t, log, [outgoing({ topic, timestamp: 1_000 }), outgoing({ topic, timestamp: 2_000 })])

    const { records } = await readTo(t, log, { topic, partition: 0, end: 2 })

    assert.ok(records.every(({ timestamp }) => timestamp >= before - 1_000 && timestamp <= Date.now() + 1_000))
  })

  test('kafka: a topic that takes less at once than we send gets it in smaller batches, in order', async t => {
    const log = opened(t, openLog)
    const topic = unique('small')
    await log.createTopics([{ name: topic, partitions: 1, configs: { 'max.message.bytes': '20000' } }])
    const values = Array.from({ length: 100 }, (_, i) => String(i).padEnd(1_000))

    await produce(t, log, [values.map(value => outgoing({ topic, value: Buffer.from(value) }))].flat())

    const { records } = await readTo(t, log, { topic, partition: 0, end: 100 })
    assert.deepEqual(records.map(({ value }) => text(value)), values)
  })

  test('kafka: a record that the topic\'s rules refuse is named', async t => {
    const log = opened(t, openLog)
    const topic = unique('compacted')
    await log.createTopics([{ name: topic, partitions: 2, configs: { 'cleanup.policy': 'compact' } }])
    const producer = log.openProducer()
    t.after(() => producer.close())
    const keyed = outgoing({ topic, partition: 0, key: Buffer.from('k') })

    const error = await rejection(producer.send([keyed, keyed, outgoing({ topic, partition: 1, key: Buffer.from('k') }), outgoing({ topic, partition: 0, key: null }), keyed]))

    assert.deepEqual([error.kind, error.recordIndex], ['data', 3])
  })

  test('kafka: more than a request may hold is sent in several', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const value = Buffer.alloc(50_000, 'x')

    await produce(t, log, Array.from({ length: 200 }, (_, i) => outgoing({ topic, partition: i % 2, value })))

    const ends = await log.offsets([{ topic, partition: 0 }, { topic, partition: 1 }], 'latest')
    assert.deepEqual(ends.map(({ offset }) => offset), [100, 100])
  })

  test('kafka: a topic that was deleted and made again is read under its new id', async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, [outgoing({ topic, value: Buffer.from('old') })])
    const batches: FetchedBatch[] = []
    let position = { topic, partition: 0, offset: 0, epoch: 0 }
    const reader = log.openReader({
      wanted: () => [position],
      deliver: batch => {
        position = { ...position, offset: batch.nextOffset }
        batches.push(batch)
      },
      failed: () => {
        position = { ...position, offset: 0, epoch: position.epoch + 1 }
        reader.wake()
      },
      maxWaitMs: 50
    })
    t.after(() => reader.close())
    await until(() => batches.length > 0)

    await log.deleteTopics([topic])
    await until(async () => !(await log.partitionCounts([topic])).has(topic))
    await log.createTopics([{ name: topic, partitions: 1 }])
    await produce(t, log, [outgoing({ topic, value: Buffer.from('new') })])

    await until(() => batches.some(({ records }) => text(records[0]?.value ?? null) === 'new'))
  })

  test('kafka: a partition that cannot be read is told as delayed at each try, and an empty answer tells that it can be read again', async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const batches: FetchedBatch[] = []
    const delays: string[] = []
    const reader = log.openReader({
      wanted: () => [{ topic, partition: 0, offset: 0, epoch: 0 }],
      deliver: batch => batches.push(batch),
      failed: (_position, error) => assert.fail(error),
      delayed: ({ partition }, reason) => delays.push(`${partition}: ${reason}`),
      maxWaitMs: 50
    })
    t.after(() => reader.close())
    await until(() => batches.length === 1)

    await log.deleteTopics([topic])
    await until(() => delays.length > 1)
    const told = batches.length
    await log.createTopics([{ name: topic, partitions: 1 }])
    await until(() => batches.length > told)

    assert.match(delays[0] ?? '', /^0: (its leader refused \([A-Z_]+\)|it has no leader, or does not exist)$/)
    assert.deepEqual(batches.map(({ records }) => records), batches.map(() => []))
  })

  test('kafka: a static member that goes and comes back has its partitions, and nobody rebalances', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 4)
    const options = { groupId: unique('group'), topics: [topic] }
    const first = await join(t, log, { ...options, instanceId: 'one' })
    const second = await join(t, log, { ...options, instanceId: 'two' })
    await until(() => first.held().length === 2)
    const changes = first.history.length

    await second.member.leave()
    await sleep(500)
    const again = await join(t, log, { ...options, instanceId: 'two' })
    await sleep(1_000)

    assert.deepEqual(again.held(), second.held())
    assert.equal(first.history.length, changes)
    assert.equal(await again.member.confirm(), true)
    assert.equal(await first.member.confirm(), true)
  })

  test('kafka: the static leader too comes back without a rebalance, and still notices partitions that are added', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 4)
    const options = { groupId: unique('group'), topics: [topic] }
    const first = await join(t, log, { ...options, instanceId: 'one' })
    const second = await join(t, log, { ...options, instanceId: 'two' })
    await until(() => first.held().length === 2)
    const changes = second.history.length

    await first.member.leave()
    await sleep(300)
    const again = await join(t, log, { ...options, instanceId: 'one' })
    await sleep(1_000)

    assert.deepEqual(again.held(), first.held())
    assert.equal(second.history.length, changes)
    await addPartitions(t, topic, 6)
    await until(() => again.held().length === 3 && second.held().length === 3)
  })

  test('kafka: partitions that are added are shared out by themselves', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const options = { groupId: unique('group'), topics: [topic] }
    const first = await join(t, log, options)
    const second = await join(t, log, options)
    await until(() => first.held().length === 1)

    await addPartitions(t, topic, 4)

    await until(() => first.held().length === 2 && second.held().length === 2)
    assert.equal(new Set([...first.held(), ...second.held()]).size, 4)
  })

  test('kafka: a commit while the others prepare still counts, and confirming is refused', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const groupId = unique('group')
    const seen: unknown[] = []
    const first = await join(t, log, {
      groupId,
      topics: [topic],
      prepare: async () => {
        await first.member.commit([{ topic, partition: 0, offset: 3 }])
        seen.push(await first.member.confirm())
      }
    })

    await join(t, log, { groupId, topics: [topic] })
    await until(() => first.held().length === 1)

    assert.deepEqual(seen, [false])
    assert.deepEqual(await log.groupOffsets(groupId), [{ topic, partition: 0, offset: 3 }])
  })

  test('kafka: a member that does not finish preparing joins nevertheless, before its session ends', async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const groupId = unique('group')
    const first = await join(t, log, { groupId, topics: [topic], sessionTimeoutMs: 1_500, prepare: () => new Promise(() => {}) })
    const memberId = first.member.memberId()

    await join(t, log, { groupId, topics: [topic], sessionTimeoutMs: 1_500 })
    await until(() => first.held().length === 1)

    assert.equal(first.member.memberId(), memberId)
  })
}

test('kafka: a log that finds no broker says so, and can be closed while it still tries to join', async () => {
  const log = openKafkaLog({ brokers: ['127.0.0.1:1'], clientId: 'test' })
  const joining = rejection(log.joinGroup(groupOptions({ topics: ['t'] })))

  const error = await rejection(log.partitionCounts(['t']))
  await log.close()

  assert.equal(error.kind, 'outage')
  assert.equal((await joining).kind, 'outage')
})

function plain (t: TestContext, options: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>>): Producer {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: bootstrap?.split(',') ?? [], retries: 5, retryDelay: 50, timeout: 20_000, ...options })
  t.after(() => producer.close())
  return producer
}

function transactional (t: TestContext): Producer {
  return plain(t, { idempotent: true, transactionalId: unique('transactions'), producerId: -1n, producerEpoch: -1 })
}

async function addPartitions (t: TestContext, topic: string, count: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: bootstrap?.split(',') ?? [] })
  t.after(() => admin.close())
  await admin.createPartitions({ topics: [{ name: topic, count, assignments: null }] })
}
