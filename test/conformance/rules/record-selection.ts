import Type from 'typebox'
import { Value } from 'typebox/value'
import { defineTopic, defineTopology } from '../../../streams/index.ts'
import type { Task } from '../../../streams/task/task.ts'
import { StoreStates } from '../../../streams/task/stores/store-states.ts'
import { UnitRunner } from '../../../streams/task/unit.ts'
import { logRecord, taskOf } from '../../helpers/tasks.ts'
import { differs, Selection, type Rule, type SelectionVector } from './format.ts'

const Add = Type.Object({ add: Type.Record(Type.String(), Type.Array(Type.Number())) })
/** null: there is nothing to take. */
const Next = Type.Object({ next: Type.Union([Selection, Type.Null()]) })

/** Records of several partitions are queued on one task, and taken by it one by one. */
export function recordSelectionRule ({ id, ops }: SelectionVector): Rule {
  return { id: `recordSelection/${id}`, run: () => play(ops) }
}

function play (ops: SelectionVector['ops']): readonly string[] {
  const unknown = ops.flatMap((op, index) => Value.Check(Add, op) || Value.Check(Next, op) ? [] : [`op ${index}: ${JSON.stringify(op)} is neither { add: { partition: [timestamps] } } nor { next: { partition, ts } }`])
  if (unknown.length > 0) return unknown
  const { task, runner, topics } = openTask(partitionsOf(ops))
  const offsets = new Map(topics.map(topic => [topic, 0]))
  // Each is known to have no more than what is at hand, or the others would wait for it.
  for (const topic of topics) add(task, topic, [], offsets)

  return ops.flatMap((op, index) => {
    if (Value.Check(Add, op)) {
      for (const [topic, timestamps] of Object.entries(op.add)) add(task, topic, timestamps, offsets)
      return []
    }
    if (!Value.Check(Next, op)) return []
    const item = task.take()
    if (item === undefined) return differs(`op ${index}, next`, op.next, null)
    runner.run(item)
    const all: Readonly<Record<string, unknown>> = {
      partition: item.record.topic, ts: item.record.timestamp, streamTime: runner.streamTime(), lateness: runner.streamTime() - item.record.timestamp
    }
    return differs(`op ${index}, next`, op.next, Object.fromEntries(Object.keys(op.next ?? { partition: '', ts: 0 }).map(field => [field, all[field]])))
  })
}

/** A task reads partitions of the same number, so each partition of a vector is a topic. */
function openTask (topics: readonly string[]) {
  const topology = defineTopology('selection', ({ stream }) => {
    const [first, ...others] = topics.map(name => stream(defineTopic({ name })))
    others.reduce((merged, other) => merged?.merge(other), first)?.foreach(() => {})
  })
  const runner = new UnitRunner({ topology, applicationId: 'test', stores: new StoreStates(topology.stores), now: () => 0, maxRecordBytes: 1_000_000 })
  return { task: taskOf(topology), runner, topics }
}

function partitionsOf (ops: SelectionVector['ops']): readonly string[] {
  return [...new Set(ops.flatMap(op => Value.Check(Add, op) ? Object.keys(op.add) : []))]
}

function add (task: Task, topic: string, timestamps: readonly number[], offsets: Map<string, number>): void {
  const askedOffset = offsets.get(topic) ?? 0
  const nextOffset = askedOffset + timestamps.length
  const records = timestamps.map((timestamp, index) => logRecord({ topic, offset: askedOffset + index, timestamp }))
  offsets.set(topic, nextOffset)
  task.offer({ topic, partition: 0, epoch: 1, askedOffset, records, nextOffset, endOffset: nextOffset })
}
