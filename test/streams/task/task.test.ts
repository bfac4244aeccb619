import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, type LogRecord } from '../../../streams/index.ts'
import { Task } from '../../../streams/task/task.ts'
import { logRecord, moveRecord, moves, moving, taskOf } from '../../helpers/tasks.ts'

const other = defineTopic({ name: 'other' })

const merging = defineTopology('merging', ({ stream }) => {
  stream(moves).merge(stream(other)).peek(() => {})
})

function offer (task: Task, topic: string, askedOffset: number, timestamps: readonly number[], { endOffset = askedOffset + timestamps.length } = {}): boolean {
  const records: LogRecord[] = timestamps.map((timestamp, index) => logRecord({ topic, offset: askedOffset + index, timestamp }))
  return task.offer({ topic, partition: 0, epoch: 1, askedOffset, records, nextOffset: askedOffset + records.length, endOffset })
}

const takeAll = (task: Task): string[] => {
  const taken: string[] = []
  for (let item = task.take(); item !== undefined; item = task.take()) taken.push(`${item.record.topic}@${item.record.offset}`)
  return taken
}

test('the record with the lowest timestamp comes first; of equals the topic defined first', () => {
  const task = taskOf(merging)
  offer(task, 'moves', 0, [10, 30, 40])
  offer(task, 'other', 0, [20, 30, 35])

  assert.deepEqual(takeAll(task), ['moves@0', 'other@0', 'moves@1', 'other@1', 'other@2', 'moves@2'])
})

test('records of one topic stay in offset order, whatever their timestamps', () => {
  const task = taskOf(merging)
  offer(task, 'moves', 0, [50, 10, -1])
  offer(task, 'other', 0, [20])

  assert.deepEqual(takeAll(task), ['other@0', 'moves@0', 'moves@1', 'moves@2'])
})

test('nothing is taken while a partition has more on the broker that is not at hand', () => {
  const task = taskOf(merging)
  offer(task, 'moves', 0, [10])
  assert.deepEqual(takeAll(task), [])

  offer(task, 'other', 0, [5], { endOffset: 2 })

  assert.deepEqual(takeAll(task), ['other@0'])
  offer(task, 'other', 1, [7])
  assert.deepEqual(takeAll(task), ['other@1', 'moves@0'])
})

test('a partition that is empty and caught up is not waited for', () => {
  const task = taskOf(merging)
  offer(task, 'other', 0, [])
  offer(task, 'moves', 0, [10, 20])

  assert.deepEqual(takeAll(task), ['moves@0', 'moves@1'])
})

test('a task begins where its position says, per topic, and at 0 where it says nothing', () => {
  const task = taskOf(merging, { offsets: { other: 7 } })

  assert.deepEqual(task.wanted().map(({ topic, offset }) => `${topic}@${offset}`), ['moves@0', 'other@7'])
})

test('an answer for a topic that is not the task\'s is refused', () => {
  assert.equal(offer(taskOf(moving), 'other', 0, [1]), false)
})

test('a condemned record comes with its failure, as it was written down, and no other does', () => {
  const [subTopology] = moving.subTopologies
  assert.ok(subTopology !== undefined)
  const condemned = { subTopology: subTopology.name, topic: 'moves', partition: 0, offset: 1, node: 'take-move', foundAtMs: 5 }
  const task = new Task(subTopology, { subTopology: subTopology.name, partition: 0, epoch: 1, unit: 0, offsets: {}, streamTime: -1, finished: {}, times: {} }, ['moves'], 1, [condemned])
  task.offer({ topic: 'moves', partition: 0, askedOffset: 0, epoch: 1, records: [moveRecord(0), moveRecord(1), moveRecord(2)], nextOffset: 3, endOffset: 3 })

  const [before, itself, after] = [task.take(), task.take(), task.take()]

  assert.deepEqual([before?.failure, after?.failure], [undefined, undefined])
  assert.deepEqual([itself?.failure?.rejected.errorType, itself?.failure?.node, itself?.failure?.failedAtMs], ['loop', 'take-move', 5])
})
