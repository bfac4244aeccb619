import type { TestContext } from 'node:test'
import Type, { type Static } from 'typebox'
import { defineProcessor, defineTopic, defineTopology, isRejected, isValid, type LogRecord, type Topology } from '../../streams/index.ts'
import type { State, StoreWrite, TaskId, UnitTransaction } from '../../streams/state/state.ts'
import type { Committed } from '../../streams/task/committer.ts'
import { Engine } from '../../streams/task/engine.ts'
import type { Item } from '../../streams/task/item.ts'
import { Outbound } from '../../streams/task/outbound.ts'
import { fairShares } from '../../streams/task/schedule.ts'
import { StoreStates } from '../../streams/task/stores/store-states.ts'
import { Task } from '../../streams/task/task.ts'
import { UnitRunner } from '../../streams/task/unit.ts'
import type { LogProducer } from '../../streams/log/log.ts'
import { systemClock } from '../../streams/clock.ts'
import { Pauses } from '../../streams/pauses.ts'
import { eventLog } from '../../stores/event-log.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'
import { profiles } from './stores.ts'

export type Move = Static<typeof Move>
const Move = Type.Object({ id: Type.String(), user: Type.String(), item: Type.String() })

export const moves = defineTopic({ name: 'moves' })
export const seen = defineTopic({ name: 'seen' })
export const dead = defineTopic({ name: 'dead' })

/** Uses a store of every shape, in the ways processors do; on the item 'poison' it fails behind all its effects. */
export const takeMove = defineProcessor({
  name: 'take-move',
  input: Move,
  output: Move,
  stores: { log: eventLog, popularity: itemPopularity, history: userHistory, profiles },
  process (record, { stores: { log, popularity, history, profiles }, forward, drop }) {
    const { id, user, item } = record.value
    if (log.has({ event_id: id })) return drop('seen-before')
    log.insert({ event_id: id, user_id: user, item_id: item, event_type: 'move', ts: record.timestamp })
    popularity.add({ item_id: item }, 1)
    const previous = history.newest({ user_id: user })
    history.append({ user_id: user }, { item_id: item, ts: record.timestamp }, { keep: 3 })
    const total = Number(profiles.get({ key: user }) ?? 0) + 1
    profiles.put({ key: user }, total)
    forward({ ...record, value: { id, user, item: `${previous?.item_id ?? 'none'}>${item}#${total}` } })
    if (item === 'poison') throw new Error('cannot swallow this')
  }
})

/** moves → take-move → seen, and what is bad to `dead`. */
export const moving = defineTopology('moving', ({ stream }) => {
  const { valid, dlq } = stream(moves).validate(Move).branch({ valid: isValid, dlq: isRejected })
  dlq.to(dead, { format: 'envelope' })
  valid.process(takeMove).to(seen)
})

export function logRecord (fields: Partial<LogRecord> = {}): LogRecord {
  return { topic: 'moves', partition: 0, offset: 0, timestamp: 1_700_000_000_000, key: Buffer.from('k'), value: Buffer.from('{}'), headers: [], ...fields }
}

export function moveRecord (offset: number, move: Partial<Move> = {}, fields: Partial<LogRecord> = {}): LogRecord {
  const value: Move = { id: `e${offset}`, user: 'u', item: `i${offset}`, ...move }
  return logRecord({ offset, timestamp: 1_700_000_000_000 + offset, key: Buffer.from(value.user), value: Buffer.from(JSON.stringify(value)), ...fields })
}

export function taskOf (topology: Topology, { partition = 0, epoch = 1, offsets = {} }: { readonly partition?: number, readonly epoch?: number, readonly offsets?: Record<string, number> } = {}): Task {
  const [subTopology] = topology.subTopologies
  if (subTopology === undefined) throw new TypeError('The topology has no sub-topology.')
  return new Task(subTopology, { subTopology: subTopology.name, partition, epoch, unit: 0, offsets, streamTime: -1, finished: {}, times: {} }, subTopology.topics, 1)
}

export function itemOf (record: LogRecord, task: Task): Item {
  return { task, record, nextOffset: record.offset + 1, readFrom: { topic: record.topic, offset: record.offset }, decoded: undefined, acceptedBy: undefined, failure: undefined, rejectedAtMs: undefined }
}

/** What may go wrong in a state, or happen beside it; each is called before the step it is named for. */
export interface Faults {
  load?: () => void | Promise<void>
  begin?: () => void | Promise<void>
  claim?: () => void | Promise<void>
  rollback?: () => void
  write?: (writes: readonly StoreWrite[]) => void | Promise<void>
  /** The commit has happened. */
  written?: () => void
  positions?: () => void | Promise<void>
}

export function faulty (state: State, faults: Faults): State {
  return {
    ...state,
    async load (wanted) {
      await faults.load?.()
      return await state.load(wanted)
    },
    async positions (tasks) {
      await faults.positions?.()
      return await state.positions(tasks)
    },
    async begin () {
      await faults.begin?.()
      const unit = await state.begin()
      return {
        ...unit,
        async rollback () {
          faults.rollback?.()
          await unit.rollback()
        },
        async claim (...given) {
          await faults.claim?.()
          return await unit.claim(...given)
        },
        async write (writes, applied) {
          await faults.write?.(writes)
          const written = await unit.write(writes, applied)
          faults.written?.()
          return written
        }
      } satisfies UnitTransaction
    }
  }
}

/** Does it the first time only. */
export function once<T> (work: () => T): () => T | undefined {
  let done = false
  return () => {
    if (done) return
    done = true
    return work()
  }
}

export interface RunningEngine {
  readonly engine: Engine
  readonly commits: Committed[]
  readonly lost: TaskId[][]
  /** Why it waited, and undefined where it went on. */
  readonly reasons: (string | undefined)[]
  readonly pauses: Pauses
  /** Rejects with what ended the loop. */
  readonly running: Promise<void>
  /** Takes over these partitions of the topology from the state. */
  readonly hold: (...partitions: number[]) => Promise<void>
  /** Puts records at hand, as a reader would: in offset order from where the partition is. */
  readonly feed: (records: readonly LogRecord[]) => void
  /** Resolves when it holds; looked at after everything that happens. */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Resolves when everything fed to a partition is committed. */
  readonly drained: (end: number, partition?: number) => Promise<void>
}

export interface EngineWorld {
  readonly state: State
  readonly producer: LogProducer
  readonly topology?: Topology
  readonly maxUnitRecords?: number
  readonly maxRecordBytes?: number
  readonly acknowledgeWithinMs?: number
}

/** A running engine, stopped with the test. */
export function startEngine (t: TestContext, { state, producer, topology = moving, maxUnitRecords = 100, maxRecordBytes = 100_000, acknowledgeWithinMs = 10_000 }: EngineWorld): RunningEngine {
  const stores = new StoreStates(topology.stores)
  const commits: Committed[] = []
  const lost: TaskId[][] = []
  const reasons: (string | undefined)[] = []
  const pauses = new Pauses()
  const waiters = new Set<() => void>()
  const happened = (): void => { for (const wake of waiters) wake() }
  const noted = (reason: string | undefined): void => {
    reasons.push(reason)
    happened()
  }
  pauses.listen({ began: ({ reason }) => noted(reason), ended: () => noted(undefined) })
  const engine = new Engine({
    state,
    stores,
    runner: new UnitRunner({ topology, applicationId: 'app', stores, now: Date.now, maxRecordBytes }),
    applicationId: 'app',
    outbound: new Outbound(producer),
    clock: systemClock,
    schedule: fairShares(),
    maxUnitRecords,
    unitIntervalMs: 0,
    acknowledgeWithinMs,
    takeApplied: () => [],
    committed (_unit, outcome) {
      commits.push(outcome)
      happened()
    },
    lost (tasks) {
      lost.push([...tasks])
      happened()
    },
    pauses,
    roomMade: happened
  })
  const running = engine.run()
  running.catch(() => {})
  t.after(async () => {
    engine.stop()
    await running.catch(() => {})
  })
  const until = async (condition: () => boolean): Promise<void> => {
    if (condition()) return
    const holds = new Promise<void>(resolve => {
      const look = (): void => {
        if (!condition()) return
        waiters.delete(look)
        resolve()
      }
      waiters.add(look)
    })
    // Whoever waits is told when the loop has ended instead.
    await Promise.race([holds, running.then(() => { throw new Error('The engine has stopped.') })])
  }
  return {
    engine,
    commits,
    lost,
    reasons,
    pauses,
    running,
    until,
    async hold (...partitions) {
      const [subTopology] = topology.subTopologies
      if (subTopology === undefined) throw new TypeError('The topology has no sub-topology.')
      await engine.pause()
      const positions = await state.takeOver(partitions.map(partition => ({ subTopology: subTopology.name, partition, offsets: Object.fromEntries(subTopology.topics.map(topic => [topic, 0])) })))
      engine.resume(positions.map(position => new Task(subTopology, position, subTopology.topics, 1)))
    },
    feed (records) {
      for (const [, group] of Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`)) {
        const first = group[0]
        const asked = engine.wanted().find(({ topic, partition }) => topic === first?.topic && partition === first.partition)
        if (first === undefined || asked === undefined) throw new Error(`Nobody wants records of ${first?.topic}-${first?.partition}.`)
        const next = (group.at(-1)?.offset ?? 0) + 1
        engine.deliver({ ...asked, askedOffset: asked.offset, records: group, nextOffset: next, endOffset: next })
      }
    },
    async drained (end, partition = 0) {
      await until(() => engine.tasks.some(task => task.partition === partition && task.position.offsets[moves.name] === end))
    }
  }
}
