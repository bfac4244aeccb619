import { foundAmong, patternsOf } from '../graph/found-topics.ts'
import type { Topic } from '../graph/topic.ts'
import type { Topology } from '../graph/topology.ts'
import type { LogRecord } from '../log/log.ts'
import { openMemoryState } from '../state/memory-state.ts'
import type { Milestone } from '../task/committer.ts'
import { Application } from './application.ts'
import { deadLetterTopics, readDeadLetter, type DeadLetter } from './dead-letters.ts'
import { DriverLog } from './driver-log.ts'
import { DriverMetrics, type TaskMetrics } from './driver-metrics.ts'
import { openStoreViews, type StoreViews } from './store-view.ts'
import { encodeRecord, openOutput, type InputTopic, type OutputTopic } from './topics.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface TestDriverOptions {
  /** What the wall clock shows first, in milliseconds since 1970; left out: 0. */
  readonly startAt?: number
  /** How many partitions every topic has, or each by name; left out: 1. */
  readonly partitions?: number | Readonly<Record<string, number>>
  readonly applicationId?: string
  /** How many records a commit unit takes; left out: 1, so that each is committed before the next one begins. */
  readonly maxUnitRecords?: number
  /** Runs every record twice and fails where that makes a difference, and freezes what nodes are given; left out: true. */
  readonly debug?: boolean
}

/**
 * A topology under test: the engine's own tasks, stores and commit units over a log and a state in memory, under a clock that
 * the test moves. Nothing happens but in its methods, which do not sleep; they are done in the order of their calls.
 *
 * Calls to something outside are waited for, unless they wait for the clock themselves (`sleep` of their context): then the test moves it.
 */
export interface TestDriver {
  /** A topic that the topology reads; one that a pattern matches is there from its first record on. */
  readonly topic: <K, V>(topic: Topic<K, V>) => InputTopic<K, V>
  readonly output: <K, V>(topic: Topic<K, V>) => OutputTopic<K, V>
  /** What a store holds, by a table's handle, the store's declaration, or its name. */
  readonly store: StoreViews
  /** All that were written, the oldest first per topic. */
  readonly deadLetters: () => Promise<DeadLetter[]>
  readonly metrics: () => Promise<TaskMetrics>
  /** Moves the wall clock, at once: what it makes due is done, and what was missed is made up for once. */
  readonly advanceWallClock: (ms: number) => Promise<void>
  /** Moves stream time on in all tasks, without a record: what waits for it is done. */
  readonly advanceStreamTime: (timestamp: number) => Promise<void>
  /** Makes the next unit die behind this step; the application starts again over the same log and state, and runs the records again. */
  readonly crashAt: (step: Milestone) => void
  /** Stops the application and starts it again: what is not in the log or the state is gone. */
  readonly restart: () => Promise<void>
  /** All tasks are given up and taken over anew. */
  readonly rebalance: () => Promise<void>
  /** What the wall clock shows. */
  readonly now: number
  readonly close: () => Promise<void>
}

/** Begins nothing before the first call of a method. */
export function createTestDriver (topology: Topology, { startAt = 0, partitions = 1, applicationId = 'test', maxUnitRecords = 1, debug = true }: TestDriverOptions = {}): TestDriver {
  const clock = new VirtualClock(startAt)
  const log = new DriverLog(clock.now)
  const state = openMemoryState()
  const metrics = new DriverMetrics()
  const application = new Application({
    topology,
    applicationId,
    log,
    state,
    clock,
    maxUnitRecords,
    partitionsOf: name => typeof partitions === 'number' ? partitions : partitions[name] ?? 1,
    committed: unit => metrics.committed(unit),
    skipped: record => metrics.skipped(record),
    debug
  })
  const inTurn = createTurns()
  const taken = new Map<string, number>()

  const take = (topic: string, limit = Infinity): readonly LogRecord[] => {
    const from = taken.get(topic) ?? 0
    const records = log.recordsOf(topic).slice(from, from + limit)
    taken.set(topic, from + records.length)
    return records
  }
  return {
    topic: topic => {
      const isFound = checkIsRead(topology, applicationId, topic)
      const pipeAll: InputTopic<unknown, unknown>['pipeAll'] = records => inTurn(async () => {
        if (isFound) await application.find(topic.name)
        else await application.engine()
        log.append(records.map(record => encodeRecord(topic, record, clock.now())))
        await application.settle()
      })
      return { pipeAll, pipe: (key, value, options = {}) => pipeAll([{ ...options, key, value }]) }
    },
    output: topic => openOutput(topic, limit => inTurn(() => take(topic.name, limit))),
    store: openStoreViews({ topology, applicationId, state, settled: () => inTurn(() => {}) }),
    deadLetters: () => inTurn(() => deadLetterTopics(topology).flatMap(name => log.recordsOf(name).map(readDeadLetter))),
    metrics: () => inTurn(() => metrics.read()),
    advanceWallClock: ms => inTurn(() => application.advanceWallClock(ms)),
    advanceStreamTime: timestamp => inTurn(() => application.advanceStreamTime(timestamp)),
    crashAt: step => application.crashAt(step),
    restart: () => inTurn(() => application.restart()),
    rebalance: () => inTurn(() => application.rebalance()),
    get now () { return clock.now() },
    close: () => inTurn(() => {})
  }
}

/** One piece of work after the other, whether or not somebody waits for the one before. */
function createTurns (): <T>(work: () => T | Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}

/** Whether it is one that a pattern matches. */
function checkIsRead (topology: Topology, applicationId: string, topic: Topic): boolean {
  const { name, sources, globals } = topology
  const read = [...sources.flatMap(({ topics }) => topics), ...globals.map(each => each.topic)].map(each => each.name)
  if (read.includes(topic.name)) return false
  const patterns = patternsOf(topology, applicationId)
  if (foundAmong([topic.name], patterns).length > 0) return true
  throw new TypeError(`Topology '${name}' does not read topic '${topic.name}'; it reads ${[...read, ...patterns.map(({ id }) => id)].join(', ')}.`)
}
