import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairShares, lowestTimestampFirst, type Schedule } from '../../../streams/task/schedule.ts'
import type { Task } from '../../../streams/task/task.ts'
import { moveRecord, moving, taskOf } from '../../helpers/tasks.ts'

/** A task with records of these timestamps at hand, in this order. */
function taskWith (schedule: Schedule, partition: number, timestamps: readonly number[]): Task {
  const task = taskOf(moving, { partition })
  add(schedule, task, timestamps)
  return task
}

function add (schedule: Schedule, task: Task, timestamps: readonly number[]): void {
  const [asked] = task.wanted()
  if (asked === undefined) throw new TypeError('Nobody asks for more.')
  const { topic, partition, offset, epoch } = asked
  const end = offset + timestamps.length
  const records = timestamps.map((timestamp, index) => moveRecord(offset + index, {}, { topic, partition, timestamp }))
  task.offer({ topic, partition, epoch, askedOffset: offset, records, nextOffset: end, endOffset: end })
  schedule.arrived(task)
}

function taken (schedule: Schedule, tasks: readonly Task[], count: number): string[] {
  return schedule.take(tasks, count).map(({ record: { partition, timestamp } }) => `${partition}@${timestamp}`)
}

test('each task has its share of a unit, and what some have no records for goes to the others', () => {
  const schedule = fairShares()
  const tasks = [taskWith(schedule, 0, [1, 2, 3, 4]), taskWith(schedule, 1, [1]), taskWith(schedule, 2, [])]

  assert.deepEqual(taken(schedule, tasks, 4), ['0@1', '0@2', '1@1', '0@3'])
  assert.deepEqual(taken(schedule, tasks, 4), ['0@4'])
})

test('where a unit is smaller than the tasks are many, all have their turn', () => {
  const schedule = fairShares()
  const tasks = [taskWith(schedule, 0, [1, 2]), taskWith(schedule, 1, [1, 2])]

  const turns = [1, 2, 3, 4].map(() => taken(schedule, tasks, 1)[0])

  assert.deepEqual(turns, ['0@1', '1@1', '0@2', '1@2'])
})

test('the lowest timestamp over all tasks comes first, however many a unit takes', () => {
  const schedule = lowestTimestampFirst()
  const tasks = [taskWith(schedule, 0, [5, 6]), taskWith(schedule, 1, [4, 9]), taskWith(schedule, 2, [])]

  assert.deepEqual(taken(schedule, tasks, 1), ['1@4'])
  assert.deepEqual(taken(schedule, tasks, 10), ['0@5', '0@6', '1@9'])
})

test('between equal timestamps the record comes first that has been the next of its task for longest', () => {
  const schedule = lowestTimestampFirst()
  const last = taskWith(schedule, 2, [7, 7])
  const first = taskWith(schedule, 0, [7])

  const before = taken(schedule, [first, last], 1)
  add(schedule, first, [7])

  assert.deepEqual(before, ['2@7'])
  assert.deepEqual(taken(schedule, [first, last], 5), ['0@7', '2@7', '0@7'])
})
