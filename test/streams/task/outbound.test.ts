import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogError } from '../../../streams/index.ts'
import { Outbound, UnsendableError } from '../../../streams/task/outbound.ts'
import type { Emission } from '../../../streams/task/unit.ts'
import { fakeProducer } from '../../helpers/producer.ts'
import { itemOf, logRecord, moving, taskOf } from '../../helpers/tasks.ts'

const item = itemOf(logRecord(), taskOf(moving))

/** `key:value` */
const emissions = (...records: readonly string[]): Emission[] => records.map(record => {
  const [key = '', value = ''] = record.split(':')
  return { item, isDeadLetter: false, record: { topic: 'seen', key: Buffer.from(key), value: Buffer.from(value), headers: [['n', Buffer.from(value)]], timestamp: 5 } }
})

const world = () => {
  const producer = fakeProducer()
  return { producer, outbound: new Outbound(producer), sent: () => producer.sent.splice(0).map(({ key, value }) => `${key}:${value}`) }
}

test('a unit that is run again leaves out what was acknowledged and came out the same', async () => {
  const { outbound, sent, producer } = world()
  await outbound.send(emissions('a:1', 'b:1', 'a:2'))
  outbound.undone()
  sent()

  await outbound.send(emissions('a:1', 'b:1', 'a:2'))

  assert.deepEqual(sent(), [])
  assert.deepEqual(producer.calls, [3])
})

test('what was acknowledged before another record of the unit was refused is not sent again', async () => {
  const { outbound, sent, producer } = world()
  const refusal = new LogError('data', 'too large', { recordIndex: 1, acknowledged: [0, 3] })
  producer.fail = () => refusal
  await assert.rejects(outbound.send(emissions('a:1', 'b:large', 'a:2', 'c:1')), UnsendableError)
  outbound.undone()
  producer.fail = undefined

  await outbound.send(emissions('a:1', 'b:cut', 'a:2', 'c:1'))

  assert.deepEqual(sent(), ['b:cut', 'a:2'])
})

test('from the first difference of a lane on everything is sent, and other lanes are left alone', async () => {
  const { outbound, sent } = world()
  await outbound.send(emissions('a:1', 'a:2', 'a:3', 'b:1', 'b:2'))
  outbound.undone()
  sent()

  await outbound.send(emissions('a:1', 'b:1', 'a:changed', 'a:3', 'b:2'))

  assert.deepEqual(sent(), ['a:changed', 'a:3'])
})

test('each part of a record counts as a difference', async () => {
  const [first] = emissions('a:1')
  assert.ok(first !== undefined)
  for (const change of [
    { value: null }, { value: Buffer.from('2') }, { headers: [] }, { headers: [['n', null]] as const }, { headers: [['m', Buffer.from('1')]] as const }, { timestamp: 6 }
  ]) {
    const { outbound, sent } = world()
    await outbound.send([first])
    outbound.undone()
    sent()

    await outbound.send([{ ...first, record: { ...first.record, ...change } }])

    assert.equal(sent().length, 1, JSON.stringify(change))
  }
})

test('what was left out once is left out again when the unit is undone again', async () => {
  const { outbound, sent } = world()
  await outbound.send(emissions('a:1', 'a:2'))
  outbound.undone()
  await outbound.send(emissions('a:1', 'a:2', 'a:3'))
  outbound.undone()
  sent()

  await outbound.send(emissions('a:1', 'a:2', 'a:3', 'a:4'))

  assert.deepEqual(sent(), ['a:4'])
})

test('a unit run again in parts leaves out each part', async () => {
  const { outbound, sent } = world()
  await outbound.send(emissions('a:1', 'b:1', 'a:2', 'b:2'))
  outbound.undone()
  sent()

  await outbound.send(emissions('a:1', 'b:1'))
  outbound.committed()
  await outbound.send(emissions('a:2', 'b:2'))
  outbound.committed()

  assert.deepEqual(sent(), [])
})

test('what an earlier unit sent is no reason to leave out what a later one emits', async () => {
  const { outbound, sent } = world()
  await outbound.send(emissions('a:1'))
  outbound.committed()
  sent()

  await outbound.send(emissions('a:1'))

  assert.deepEqual(sent(), ['a:1'])
})

test('what was not acknowledged is sent again', async () => {
  const { outbound, producer, sent } = world()
  producer.fail = () => new LogError('outage', 'away')
  await assert.rejects(outbound.send(emissions('a:1')), { kind: 'outage' })
  outbound.undone()
  producer.fail = undefined

  await outbound.send(emissions('a:1'))

  assert.deepEqual(sent(), ['a:1'])
})

test('a record that can never be sent is named, also behind records that were left out', async () => {
  const { outbound, producer } = world()
  await outbound.send(emissions('a:1'))
  outbound.undone()
  const [first, second, third] = emissions('a:1', 'b:1', 'b:2')
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  producer.fail = () => new LogError('data', 'too large', { recordIndex: 1 })

  await assert.rejects(outbound.send([first, second, third]), error => error instanceof UnsendableError && error.emission === third)
})

test('after forget everything is sent', async () => {
  const { outbound, sent } = world()
  await outbound.send(emissions('a:1'))
  outbound.undone()
  sent()
  outbound.forget()

  await outbound.send(emissions('a:1'))

  assert.deepEqual(sent(), ['a:1'])
})

test('a unit without emissions asks nothing of the log', async () => {
  const { outbound, producer } = world()
  await outbound.send([])

  assert.deepEqual(producer.calls, [])
})
