import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, type LogRecord } from '../../../streams/index.ts'
import type { Task } from '../../../streams/task/task.ts'
import { logRecord, moves, moving, taskOf } from '../../helpers/tasks.ts'

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
