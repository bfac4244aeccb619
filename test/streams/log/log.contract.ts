import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError, type FetchedBatch, type GroupMember, type GroupOptions, type Log, type OutgoingRecord, type ReadPosition, type TopicPartition } from '../../../streams/log/log.ts'

/** Opens the log under test; the test closes it. */
export type LogFactory = () => Log

const patienceMs = 30_000

/** What every implementation of the log promises. */
export function logContract (name: string, openLog: LogFactory): void {
  test(`${name}: a record comes back as it was sent`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const headers = [['a', Buffer.from('1')], ['a', Buffer.from('2')], ['ü', Buffer.alloc(0)], ['none', null]] as const
    await produce(t, log, [
      outgoing({ topic, key: Buffer.from('k'), value: Buffer.from('v'), headers, timestamp: 1_700_000_000_123 }),
      outgoing({ topic, key: null, value: Buffer.alloc(0), timestamp: 1_600_000_000_000 }),
      outgoing({ topic, key: Buffer.alloc(0), value: null, timestamp: 1_500_000_000_000 })
    ])

    const { records } = await readTo(t, log, { topic, partition: 0, end: 3 })

    assert.deepEqual(records.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key: text(key), value: text(value), headers: headers.map(([name, content]) => [name, text(content)]) })), [
      { offset: 0, timestamp: 1_700_000_000_123, key: 'k', value: 'v', headers: [['a', '1'], ['a', '2'], ['ü', ''], ['none', null]] },
      { offset: 1, timestamp: 1_600_000_000_000, key: null, value: '', headers: [] },
      { offset: 2, timestamp: 1_500_000_000_000, key: '', value: null, headers: [] }
    ])
  })

  test(`${name}: a record without a timestamp gets the time of sending`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const before = Date.now()

    await produce(t, log, [outgoing({ topic })])

    const [record] = (await readTo(t, log, { topic, partition: 0, end: 1 })).records
    assert.ok(record !== undefined && record.timestamp >= before && record.timestamp <= Date.now())
  })

  test(`${name}: a topic that is made anew under its name is another one, in the same cluster`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const before = await log.identify([topic, `${topic}.missing`])

    await log.deleteTopics([topic])
    await until(async () => (await log.partitionCounts([topic])).size === 0)
    await log.createTopics([{ name: topic, partitions: 1 }])
    const after = await log.identify([topic])

    assert.deepEqual([[...before.topics.keys()], [...after.topics.keys()]], [[topic], [topic]])
    assert.notEqual(after.topics.get(topic), before.topics.get(topic))
    assert.equal(after.cluster, before.cluster)
    assert.notEqual(before.cluster, '')
  })

  test(`${name}: keys go where Java producers put them`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 6)
    // Java: (murmur2(key) & 0x7fffffff) % 6
    const expected = new Map([['21', 0], ['foobar', 0], ['abc', 3]])
    await produce(t, log, [...expected.keys()].map(key => outgoing({ topic, key: Buffer.from(key) })))

    const batches = await collect(t, log, { wanted: partitionsOf(topic, 6), until: batches => count(batches) === 3 })

    assert.deepEqual(new Map(batches.flatMap(({ records }) => records.map(({ key, partition }) => [text(key), partition] as const)).toSorted()), new Map([...expected].toSorted()))
  })

  test(`${name}: records of one partition keep the order in which they were sent`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const values = Array.from({ length: 5_000 }, (_, i) => String(i))
    await produce(t, log, values.slice(0, 2_500).map(value => outgoing({ topic, value: Buffer.from(value) })), values.slice(2_500).map(value => outgoing({ topic, value: Buffer.from(value) })))

    const { records } = await readTo(t, log, { topic, partition: 0, end: values.length })

    assert.deepEqual(records.map(({ value }) => text(value)), values)
    assert.deepEqual(records.map(({ offset }) => offset), [...values.keys()])
  })

  test(`${name}: an answer carries the epoch and the offset of its question`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, ['a', 'b', 'c'].map(value => outgoing({ topic, value: Buffer.from(value) })))

    const [batch] = await collect(t, log, { wanted: [{ topic, partition: 0, offset: 1, epoch: 7 }], until: batches => batches.length > 0 })

    assert.deepEqual([batch?.epoch, batch?.askedOffset, batch?.nextOffset, batch?.endOffset], [7, 1, 3, 3])
    assert.deepEqual(batch?.records.map(({ offset }) => offset), [1, 2])
  })

  test(`${name}: no question is answered twice, and a new epoch is a new question`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, [outgoing({ topic })])
    const batches: FetchedBatch[] = []
    let position: ReadPosition = { topic, partition: 0, offset: 0, epoch: 1 }
    const reader = log.openReader({ wanted: () => [position], deliver: batch => batches.push(batch), failed: rethrow, maxWaitMs: 20 })
    t.after(() => reader.close())
    await until(() => batches.length === 1)

    reader.wake()
    await sleep(100)
    const afterWake = batches.length
    position = { ...position, epoch: 2 }
    reader.wake()
    await until(() => batches.length === 2)

    assert.equal(afterWake, 1)
    assert.deepEqual(batches.map(({ epoch, records }) => [epoch, records.length]), [[1, 1], [2, 1]])
  })

  test(`${name}: the end of a partition is told once`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const batches: FetchedBatch[] = []
    const wanted = [{ topic, partition: 0, offset: 0, epoch: 0 }]
    const reader = log.openReader({ wanted: () => wanted, deliver: batch => batches.push(batch), failed: rethrow, maxWaitMs: 20 })
    t.after(() => reader.close())
    await until(() => batches.length === 1)
    await sleep(150)
    const whileEmpty = batches.length

    await produce(t, log, [outgoing({ topic })])
    await until(() => batches.length === 2)

    assert.equal(whileEmpty, 1)
    assert.deepEqual(batches.map(({ records, nextOffset, endOffset }) => [records.length, nextOffset, endOffset]), [[0, 0, 0], [1, 1, 1]])
  })

  test(`${name}: nothing is delivered inside wake`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, [outgoing({ topic })])
    let isWaking = false
    const seen: boolean[] = []
    let wanted: ReadPosition[] = []
    const reader = log.openReader({ wanted: () => wanted, deliver: () => seen.push(isWaking), failed: rethrow })
    t.after(() => reader.close())
    await sleep(50)

    wanted = [{ topic, partition: 0, offset: 0, epoch: 0 }]
    isWaking = true
    reader.wake()
    isWaking = false
    await until(() => seen.length > 0)

    assert.deepEqual(seen, [false])
  })

  test(`${name}: a partition that is not wanted is not fetched, until it is`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    await produce(t, log, [outgoing({ topic, partition: 0 }), outgoing({ topic, partition: 1 })])
    const batches: FetchedBatch[] = []
    const offsets = [0, 0]
    let listed = [1]
    const reader = log.openReader({
      wanted: () => listed.map(partition => ({ topic, partition, offset: offsets[partition] ?? 0, epoch: 0 })),
      deliver: batch => {
        offsets[batch.partition] = batch.nextOffset
        if (batch.records.length > 0) batches.push(batch)
      },
      failed: rethrow,
      maxWaitMs: 20
    })
    t.after(() => reader.close())
    await until(() => batches.length === 1)
    await sleep(100)
    const whilePaused = batches.map(({ partition }) => partition)

    listed = [0, 1]
    reader.wake()
    await until(() => batches.length === 2)

    assert.deepEqual(whilePaused, [1])
    assert.deepEqual(batches.map(({ partition }) => partition), [1, 0])
  })

  test(`${name}: a large backlog comes in bounded answers, and every partition gets its turn`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 4)
    const value = Buffer.alloc(1_000, 'x')
    for (const partition of [0, 1, 2, 3]) await produce(t, log, Array.from({ length: 1_000 }, () => outgoing({ topic, partition, value })))

    const batches = await collect(t, log, { wanted: partitionsOf(topic, 4), maxBytes: 100_000, until: batches => count(batches) === 4_000 })

    const early = batches.filter(({ records }) => records.length > 0).slice(0, 16)
    assert.deepEqual([...new Set(early.map(({ partition }) => partition))].sort(), [0, 1, 2, 3])
    assert.ok(batches.every(({ records }) => records.length <= 2_000))
  })

  test(`${name}: an offset that is not in the log is said to be out of range, and the others go on`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    await produce(t, log, [outgoing({ topic, partition: 1 })])
    const failures: [ReadPosition, LogError][] = []
    const batches: FetchedBatch[] = []
    const wanted = [{ topic, partition: 0, offset: 99, epoch: 3 }, { topic, partition: 1, offset: 0, epoch: 3 }]
    const reader = log.openReader({ wanted: () => wanted, deliver: batch => batches.push(batch), failed: (position, error) => failures.push([position, error]), maxWaitMs: 20 })
    t.after(() => reader.close())

    await until(() => failures.length > 0 && batches.length > 0)

    assert.deepEqual(failures[0]?.[0], wanted[0])
    assert.equal(failures[0]?.[1].kind, 'out-of-range')
    assert.equal(batches[0]?.partition, 1)
  })

  test(`${name}: a reader that is closed delivers nothing more`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    let delivered = 0
    const reader = log.openReader({ wanted: () => [{ topic, partition: 0, offset: 0, epoch: 0 }], deliver: () => delivered++, failed: rethrow, maxWaitMs: 20 })
    await until(() => delivered === 1)

    await reader.close()
    await produce(t, log, [outgoing({ topic })])
    await sleep(100)

    assert.equal(delivered, 1)
  })

  test(`${name}: a topic that comes later is read when it is there`, async t => {
    const log = opened(t, openLog)
    const topic = unique('later')
    const batches: FetchedBatch[] = []
    const reader = log.openReader({ wanted: () => [{ topic, partition: 0, offset: 0, epoch: 0 }], deliver: batch => batches.push(batch), failed: rethrow, maxWaitMs: 20 })
    t.after(() => reader.close())
    await sleep(200)

    await log.createTopics([{ name: topic, partitions: 1 }])
    await produce(t, log, [outgoing({ topic })])

    await until(() => batches.some(({ records }) => records.length === 1))
  })

  test(`${name}: a record that can never be sent is named, and does not spoil what is sent after it`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const producer = log.openProducer()
    t.after(() => producer.close())
    const small = outgoing({ topic, value: Buffer.from('small') })

    const error = await rejection(producer.send([small, small, outgoing({ topic, value: Buffer.alloc(2_000_000) }), small]))
    const before = await endOf(log, topic)
    await producer.send([small, small])

    assert.deepEqual([error.kind, error.recordIndex], ['data', 2])
    assert.equal(await endOf(log, topic), before + 2)
  })

  test(`${name}: sending to a missing topic is an outage that names it, and is over when it exists`, async t => {
    const log = opened(t, openLog)
    const topic = unique('missing')
    const producer = log.openProducer()
    t.after(() => producer.close())

    const error = await rejection(producer.send([outgoing({ topic })]))
    await log.createTopics([{ name: topic, partitions: 1 }])
    await producer.send([outgoing({ topic })])

    assert.equal(error.kind, 'outage')
    assert.match(error.message, new RegExp(topic))
    assert.equal(await endOf(log, topic), 1)
  })

  test(`${name}: a producer refuses a second send while one is under way`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const producer = log.openProducer()
    t.after(() => producer.close())

    const first = producer.send([outgoing({ topic })])

    assert.equal((await rejection(producer.send([outgoing({ topic })]))).kind, 'fatal')
    await first
  })

  test(`${name}: partitions are counted only of topics that exist, and creating one twice leaves it as it is`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 3)

    await log.createTopics([{ name: topic, partitions: 5 }])

    assert.deepEqual(await log.partitionCounts([topic, unique('nowhere')]), new Map([[topic, 3]]))
  })

  test(`${name}: a deleted topic is gone, and deleting a missing one is no error`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)

    await log.deleteTopics([topic, unique('nowhere')])

    await until(async () => !(await log.partitionCounts([topic])).has(topic))
  })

  test(`${name}: offsets are found at the ends and by time`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const start = 1_700_000_000_000
    for (const i of [0, 1, 2]) await produce(t, log, [outgoing({ topic, timestamp: start + i * 1_000 })])
    const where = [{ topic, partition: 0 }]

    const found = await Promise.all((['earliest', 'latest', start + 500, start + 1_000, start + 9_000] as const).map(async at => (await log.offsets(where, at))[0]?.offset))

    assert.deepEqual(found, [0, 3, 1, 1, 3])
  })

  test(`${name}: who asks for the offsets of a partition twice is answered once`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    await produce(t, log, [outgoing({ topic })])
    const where = { topic, partition: 0 }

    assert.deepEqual((await log.offsets([where, { ...where }], 'latest')).map(({ offset }) => offset), [1])
  })

  test(`${name}: deleted records are gone, those behind them stay, and reading where they were says so`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    await produce(t, log, [0, 1, 2, 3].map(i => outgoing({ topic, partition: 0, value: Buffer.from(String(i)), timestamp: 1_000 + i })))
    const where = [{ topic, partition: 0 }]

    await log.deleteRecords([{ topic, partition: 0, offset: 2 }, { topic, partition: 1, offset: 0 }])
    await log.deleteRecords([{ topic, partition: 0, offset: 1 }])

    assert.deepEqual((await Promise.all((['earliest', 'latest', 0] as const).map(async at => await log.offsets(where, at)))).map(([found]) => found?.offset), [2, 4, 2])
    const batches = await collect(t, log, { wanted: [{ topic, partition: 0, offset: 2, epoch: 0 }], until: batches => count(batches) === 2 })
    assert.deepEqual(batches.flatMap(({ records }) => records.map(({ offset, value }) => [offset, text(value)])), [[2, '2'], [3, '3']])
    const refused = Promise.withResolvers<LogError>()
    const reader = log.openReader({ wanted: () => [{ topic, partition: 0, offset: 1, epoch: 0 }], deliver () {}, failed: (_, error) => refused.resolve(error) })
    t.after(reader.close)
    assert.equal((await refused.promise).kind, 'out-of-range')
  })

  test(`${name}: records that are not there yet cannot be deleted`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)

    await assert.rejects(log.deleteRecords([{ topic, partition: 0, offset: 5 }]), LogError)
  })

  test(`${name}: a member alone has everything`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 3)

    const alone = await join(t, log, { topics: [topic] })

    assert.deepEqual(alone.held(), [`${topic}/0`, `${topic}/1`, `${topic}/2`])
    assert.deepEqual((await log.groupMembers(alone.groupId)).map(({ memberId }) => memberId), [alone.member.memberId()])
  })

  test(`${name}: two members share evenly, and what belongs together stays together`, async t => {
    const log = opened(t, openLog)
    const [left, right, other] = [unique('left'), unique('right'), unique('other')]
    await log.createTopics([left, right, other].map(name => ({ name, partitions: 4 })))
    const options = { groupId: unique('group'), topics: [left, right, other], together: [[left, right], [other]] }

    const first = await join(t, log, options)
    const second = await join(t, log, options)
    await until(() => first.held().length === 6)

    const partitions = (member: Joined, topic: string) => member.held().filter(name => name.startsWith(`${topic}/`)).map(name => name.split('/')[1])
    for (const member of [first, second]) {
      assert.deepEqual(partitions(member, left), partitions(member, right))
      assert.equal(partitions(member, left).length, 2)
      assert.equal(partitions(member, other).length, 2)
    }
    assert.equal(new Set([...first.held(), ...second.held()]).size, 12)
  })

  test(`${name}: topics are listed by name`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)

    const names = await log.topicNames()

    assert.ok(names.includes(topic))
    assert.ok(!names.includes('__consumer_offsets'))
  })

  test(`${name}: what a pattern matches is shared by those who read by it, also when it comes later, and is with what belongs to it`, async t => {
    const log = opened(t, openLog)
    const prefix = unique('orders')
    const [customers, early, late] = [unique('customers'), `${prefix}-a`, `${prefix}-b`]
    await log.createTopics([customers, early].map(name => ({ name, partitions: 2 })))
    const pattern = { id: `/${prefix}-.*/`, matches: (topic: string) => topic.startsWith(`${prefix}-`) }
    const options = { groupId: unique('group'), topics: [customers], patterns: [pattern], together: [[customers, pattern]] }

    const first = await join(t, log, options)
    const second = await join(t, log, options)
    await until(() => first.held().length === 2)
    await log.createTopics([{ name: late, partitions: 2 }])
    await until(() => first.held().length === 3 && second.held().length === 3)

    const partitions = (member: Joined, topic: string) => member.held().filter(name => name.startsWith(`${topic}/`)).map(name => name.split('/')[1])
    for (const member of [first, second]) {
      assert.deepEqual(partitions(member, early), partitions(member, customers))
      assert.deepEqual(partitions(member, late), partitions(member, customers))
    }
  })

  test(`${name}: a group whose patterns match nothing yet is joined, and waits`, async t => {
    const log = opened(t, openLog)
    const topic = unique('later')
    const pattern = { id: topic, matches: (name: string) => name === topic }

    const alone = await join(t, log, { patterns: [pattern], together: [[pattern]] })
    assert.deepEqual(alone.held(), [])
    await log.createTopics([{ name: topic, partitions: 1 }])

    await until(() => alone.held().length === 1)
  })

  test(`${name}: preparing is awaited before partitions move`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const events: string[] = []
    const groupId = unique('group')
    const first = await join(t, log, {
      groupId,
      topics: [topic],
      prepare: async () => {
        events.push('preparing')
        await sleep(300)
        events.push('prepared')
      }
    })

    const second = await join(t, log, { groupId, topics: [topic], assigned: partitions => { if (partitions.length > 0) events.push('assigned') } })
    await until(() => first.held().length === 1)

    assert.deepEqual(events.slice(0, 3), ['preparing', 'prepared', 'assigned'])
    assert.equal(second.held().length, 1)
  })

  test(`${name}: members keep what they had as far as balance allows`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 6)
    const options = { groupId: unique('group'), topics: [topic] }
    const first = await join(t, log, options)
    const second = await join(t, log, options)
    await until(() => first.held().length === 3)
    const before = [first.held(), second.held()]

    const third = await join(t, log, options)
    await until(() => first.held().length === 2 && second.held().length === 2)

    assert.ok(first.held().every(partition => before[0]?.includes(partition)))
    assert.ok(second.held().every(partition => before[1]?.includes(partition)))
    assert.equal(third.held().length, 2)
  })

  test(`${name}: a member that leaves hands its partitions to the others`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const options = { groupId: unique('group'), topics: [topic] }
    const first = await join(t, log, options)
    const second = await join(t, log, options)
    await until(() => first.held().length === 1)

    await second.member.leave()
    await until(() => first.held().length === 2)

    assert.equal(await second.member.confirm(), false)
    assert.equal(await first.member.confirm(), true)
  })

  test(`${name}: a member is confirmed while the group counts it in, and not after it was evicted`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const joined = await join(t, log, { topics: [topic] })
    const memberId = joined.member.memberId()

    const before = await joined.member.confirm()
    await log.evictMembers(joined.groupId, [memberId])
    await until(() => joined.history.some(held => held.length === 0))
    await until(() => joined.held().length === 2)

    assert.equal(before, true)
    assert.notEqual(joined.member.memberId(), memberId)
    await until(() => joined.member.confirm())
  })

  test(`${name}: an eviction of who is gone already is no error`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const joined = await join(t, log, { topics: [topic] })

    await log.evictMembers(joined.groupId, ['nobody'])

    assert.equal(await joined.member.confirm(), true)
  })

  test(`${name}: committed offsets are the group's, and a member that left cannot commit`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const joined = await join(t, log, { topics: [topic] })

    await joined.member.commit([{ topic, partition: 0, offset: 5 }, { topic, partition: 1, offset: 6 }])
    const committed = await log.groupOffsets(joined.groupId)
    await joined.member.leave()

    assert.deepEqual(committed.toSorted((a, b) => a.partition - b.partition), [{ topic, partition: 0, offset: 5 }, { topic, partition: 1, offset: 6 }])
    await rejection(joined.member.commit([{ topic, partition: 0, offset: 9 }]))
    assert.equal((await log.groupOffsets(joined.groupId)).find(({ partition }) => partition === 0)?.offset, 5)
  })

  test(`${name}: offsets of a group are set only while nobody is in it`, async t => {
    const { log, topic } = await logWithTopic(t, openLog)
    const joined = await join(t, log, { topics: [topic] })

    const refused = await rejection(log.setGroupOffsets(joined.groupId, [{ topic, partition: 0, offset: 3 }]))
    await joined.member.leave()
    await until(async () => (await log.groupMembers(joined.groupId)).length === 0)
    await log.setGroupOffsets(joined.groupId, [{ topic, partition: 0, offset: 4 }])

    assert.equal(refused.kind, 'fatal')
    assert.deepEqual(await log.groupOffsets(joined.groupId), [{ topic, partition: 0, offset: 4 }])
  })

  test(`${name}: a group that does not exist has no members and no offsets`, async t => {
    const log = opened(t, openLog)

    assert.deepEqual([await log.groupMembers(unique('group')), await log.groupOffsets(unique('group'))], [[], []])
  })

  test(`${name}: joining for a topic that does not exist is refused by its name`, async t => {
    const log = opened(t, openLog)
    const topic = unique('missing')

    const error = await rejection(log.joinGroup(groupOptions({ topics: [topic] })))

    assert.equal(error.kind, 'outage')
    assert.match(error.message, new RegExp(topic))
  })

  test(`${name}: who takes an instance id over fences its former owner`, async t => {
    const { log, topic } = await logWithTopic(t, openLog, 2)
    const options = { groupId: unique('group'), topics: [topic], instanceId: 'worker-1' }
    const first = await join(t, log, options)

    const second = await join(t, log, options)
    await until(() => first.failures.length > 0)

    assert.equal(first.failures[0]?.kind, 'fatal')
    assert.deepEqual(first.held(), [])
    assert.equal(second.held().length, 2)
  })
}

/** A member, and all that it was told. */
export interface Joined {
  readonly groupId: string
  readonly member: GroupMember
  readonly history: readonly (readonly string[])[]
  readonly failures: readonly LogError[]
  readonly held: () => readonly string[]
}

export async function join (t: TestContext, log: Log, overrides: Partial<GroupOptions>): Promise<Joined> {
  const history: string[][] = []
  const failures: LogError[] = []
  const options = groupOptions(overrides)
  const member = await log.joinGroup({
    ...options,
    assigned: partitions => {
      history.push(partitions.map(nameOf).sort())
      options.assigned(partitions)
    },
    failed: error => failures.push(error)
  })
  t.after(() => member.leave())
  return { groupId: options.groupId, member, history, failures, held: () => history.at(-1) ?? [] }
}

export function groupOptions (overrides: Partial<GroupOptions>): GroupOptions {
  return { groupId: unique('group'), topics: [], sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 10_000, together: [], prepare: async () => {}, assigned: () => {}, failed: rethrow, ...overrides }
}

export function opened (t: TestContext, openLog: LogFactory): Log {
  const log = openLog()
  t.after(() => log.close())
  return log
}

export async function logWithTopic (t: TestContext, openLog: LogFactory, partitions = 1): Promise<{ readonly log: Log, readonly topic: string }> {
  const log = opened(t, openLog)
  const topic = unique('topic')
  // The tests' timestamps lie in the past: retention would take the records away.
  await log.createTopics([{ name: topic, partitions, configs: { 'retention.ms': '-1' } }])
  return { log, topic }
}

export async function produce (t: TestContext, log: Log, ...sends: readonly (readonly OutgoingRecord[])[]): Promise<void> {
  const producer = log.openProducer()
  t.after(() => producer.close())
  for (const records of sends) await producer.send(records)
}

export function outgoing (overrides: Partial<OutgoingRecord> & Pick<OutgoingRecord, 'topic'>): OutgoingRecord {
  return { key: null, value: Buffer.from('value'), headers: [], ...overrides }
}

export interface Collecting {
  readonly wanted: readonly ReadPosition[]
  readonly until: (batches: readonly FetchedBatch[]) => boolean
  readonly maxBytes?: number
}

/** Reads on from the wanted positions until there is enough. */
export async function collect (t: TestContext, log: Log, { wanted, until: isEnough, maxBytes }: Collecting): Promise<readonly FetchedBatch[]> {
  const positions = new Map(wanted.map(position => [nameOf(position), position]))
  const batches: FetchedBatch[] = []
  const reader = log.openReader({
    wanted: () => [...positions.values()],
    deliver: batch => {
      positions.set(nameOf(batch), { topic: batch.topic, partition: batch.partition, epoch: batch.epoch, offset: batch.nextOffset })
      batches.push(batch)
    },
    failed: rethrow,
    maxWaitMs: 50,
    ...maxBytes !== undefined && { maxBytes }
  })
  t.after(() => reader.close())
  await until(() => isEnough(batches))
  await reader.close()
  return batches
}

export interface ReadTo extends TopicPartition {
  readonly end: number
}

/** One partition from its beginning to this offset. */
export async function readTo (t: TestContext, log: Log, { topic, partition, end }: ReadTo) {
  const batches = await collect(t, log, { wanted: [{ topic, partition, offset: 0, epoch: 0 }], until: batches => (batches.at(-1)?.nextOffset ?? 0) >= end })
  return { batches, records: batches.flatMap(({ records }) => records) }
}

export function partitionsOf (topic: string, partitions: number): readonly ReadPosition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0, epoch: 0 }))
}

export function unique (name: string): string {
  return `${name}-${randomUUID()}`
}

export function text (bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString()
}

export async function until (isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!await isSo()) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for: ${isSo.toString()}`)
    await sleep(5)
  }
}

export async function rejection (promise: Promise<unknown>): Promise<LogError> {
  const error = await promise.then(() => undefined, (error: unknown) => error)
  assert.ok(error instanceof LogError, `expected a LogError, got ${String(error)}`)
  return error
}

function rethrow (...given: readonly unknown[]): never {
  throw given.at(-1)
}

function count (batches: readonly FetchedBatch[]): number {
  return batches.reduce((sum, { records }) => sum + records.length, 0)
}

async function endOf (log: Log, topic: string): Promise<number> {
  return (await log.offsets([{ topic, partition: 0 }], 'latest'))[0]?.offset ?? -1
}

function nameOf ({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
