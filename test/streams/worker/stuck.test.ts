import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { Pauses } from '../../../streams/pauses.ts'
import type { Trouble } from '../../../streams/task/patience.ts'
import type { Task } from '../../../streams/task/task.ts'
import { createStuckLook } from '../../../streams/worker/stuck.ts'
import { moving, moveRecord, taskOf } from '../../helpers/tasks.ts'

/** A task whose partition ends behind so many records. */
function taskWith (records: number, partition = 0): Task {
  const task = taskOf(moving, { partition, offsets: { moves: 0 } })
  task.offer({ topic: 'moves', partition, askedOffset: 0, epoch: 1, records: [moveRecord(0, {}, { partition })], nextOffset: 1, endOffset: records })
  return task
}

function advance (task: Task, offset: number): void {
  task.position = { ...task.position, offsets: { moves: offset } }
}

function watch (tasks: readonly Task[], trouble?: Trouble, waits: (task: Task) => boolean = () => false) {
  const pauses = new Pauses()
  const look = createStuckLook({ tasks: () => tasks, trouble: () => trouble, waits, pauses, stuckAfterMs: 3_000 })
  return { pauses, look: (times: number) => { for (let time = 0; time < times; time++) look(1_000) } }
}

test('a partition that has records and does not advance is stuck, and the sentence says where, in which node, how often tried, and why', () => {
  const { pauses, look } = watch([taskWith(7)], { attempts: 12, error: 'the database is away', node: 'take-move' })
  look(3)
  equal(pauses.of('stuck'), undefined)

  look(1)

  equal(pauses.of('stuck')?.reason, "Partition 0 of moves has not advanced for 3 s, and 7 records wait. It stands at moves-0@0, in node 'take-move'; attempt 12, last error: the database is away.")
  deepEqual(pauses.of('stuck')?.about, ['moves-0'])
})

test('a partition that moves on is not stuck any more, and the others still are', () => {
  const tasks = [taskWith(7, 0), taskWith(7, 1)] as const
  const { pauses, look } = watch(tasks)
  look(4)
  deepEqual(pauses.of('stuck')?.about, ['moves-0', 'moves-1'])

  advance(tasks[0], 1)
  look(1)

  deepEqual(pauses.of('stuck')?.about, ['moves-1'])
})

test('a partition without records may stand still for ever', () => {
  const task = taskWith(7)
  advance(task, 7)
  const { pauses, look } = watch([task])

  look(100)

  equal(pauses.of('stuck'), undefined)
})

test('a partition that advances slowly is not stuck', () => {
  const task = taskWith(100)
  const { pauses, look } = watch([task])

  for (let offset = 1; offset < 20; offset++) {
    look(2)
    advance(task, offset)
  }

  equal(pauses.of('stuck'), undefined)
})

test('a partition that waits on purpose is not stuck, and one that does no more is counted from then on', () => {
  let waits = true
  const { pauses, look } = watch([taskWith(7)], undefined, () => waits)
  look(100)
  equal(pauses.of('stuck'), undefined)

  waits = false
  look(2)
  equal(pauses.of('stuck'), undefined)
  look(1)

  match(pauses.of('stuck')?.reason ?? '', /has not advanced for 3 s/)
})

test('a partition of which something beyond its position is done has advanced', () => {
  const task = taskWith(7)
  const { pauses, look } = watch([task])

  for (let to = 2; to < 7; to++) {
    look(2)
    task.position = { ...task.position, finished: { moves: [[1, to]] } }
  }

  equal(pauses.of('stuck'), undefined)
})

test('where the engine has had no trouble, the pause that holds it up is the reason', () => {
  const { pauses, look } = watch([taskWith(1)])
  pauses.waits('reading', 'its leader refused', 'moves-0')

  look(4)

  match(pauses.of('stuck')?.reason ?? '', /1 record waits\. It stands at moves-0@0, whose unit is not committed; attempt 1, last error: its leader refused\.$/)
})
