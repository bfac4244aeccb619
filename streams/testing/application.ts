import { namedSubTopologies, topicsOf } from '../graph/topic-names.ts'
import type { Topology } from '../graph/topology.ts'
import { silentLogger } from '../logger.ts'
import { Pauses } from '../pauses.ts'
import type { LogRecord } from '../log/log.ts'
import type { State } from '../state/state.ts'
import type { Milestone } from '../task/committer.ts'
import { Engine } from '../task/engine.ts'
import { applyToGlobals, createGlobalTables, type GlobalTables } from '../task/global-tables.ts'
import { Outbound } from '../task/outbound.ts'
import { lowestTimestampFirst } from '../task/schedule.ts'
import { StoreStates } from '../task/stores/store-states.ts'
import { Task } from '../task/task.ts'
import { openTracing } from '../task/tracing/tracing.ts'
import { UnitRunner, type Unit } from '../task/unit.ts'
import { UnitGate } from '../task/unit-gate.ts'
import { UnitLedger } from '../task/unit-ledger.ts'
import { candidatesOf } from '../worker/starts.ts'
import { ensureTopics } from '../worker/topics.ts'
import { CheckedRunner } from './checked-runner.ts'
import type { DriverLog } from './driver-log.ts'
import { inOrderOfFlow } from './order-of-flow.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface ApplicationOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly log: DriverLog
  readonly state: State
  readonly clock: VirtualClock
  readonly maxUnitRecords: number
  /** How many partitions a topic of this name has; internal topics have as many as what is written to them comes from. */
  readonly partitionsOf: (topic: string) => number
  readonly committed: (unit: Unit) => void
  /** A global table could do nothing with it. */
  readonly skipped: (record: LogRecord) => void
  /** Runs every record twice and compares. */
  readonly debug: boolean
}

/** How far a record may be before it is refused, as in production. */
const MAX_RECORD_BYTES = 900_000

/** The process died here, as far as the log and the state can tell. */
class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash'
}

/** The application under test: one life of it after the other, over the same log and state. */
export class Application {
  readonly #options: ApplicationOptions
  readonly #pauses = new Pauses()
  #engine: Engine | undefined
  #ledger: UnitLedger | undefined
  #globals: GlobalTables = new Map()
  /** By topic: how many records of it are in the copies of this life. */
  readonly #filled = new Map<string, number>()
  #hasLearned = false
  #epoch = 0
  #crashAt: Milestone | undefined

  constructor (options: ApplicationOptions) {
    this.#options = options
  }

  /** The engine of this life. A life begins when it is first asked for: topics are there from then on. */
  async engine (): Promise<Engine> {
    this.#engine ??= await this.#start()
    return this.#engine
  }

  /** Runs until nothing is at hand and nothing in flight. */
  async settle (): Promise<void> {
    while (!await this.#runToTheEnd(await this.engine()));
  }

  async advanceWallClock (ms: number): Promise<void> {
    // Tasks are there, and their clocks run, before time passes.
    await this.settle()
    this.#options.clock.advance(ms)
    await this.settle()
  }

  /** What comes of it in one sub-topology reaches the next one before time moves there. */
  async advanceStreamTime (watermark: number): Promise<void> {
    const { topology, applicationId } = this.#options
    for (const { name } of inOrderOfFlow(namedSubTopologies(topology, applicationId))) {
      for (let isDone = false; !isDone;) {
        await this.settle()
        const engine = await this.engine()
        engine.advanceStreamTime(engine.tasks.filter(({ subTopology }) => subTopology.name === name), watermark)
        isDone = await this.#runToTheEnd(engine)
      }
    }
    await this.settle()
  }

  /** False: the process died on the way. */
  async #runToTheEnd (engine: Engine): Promise<boolean> {
    try {
      do {
        this.#hasLearned = false
        this.#fillGlobals()
        do this.#options.log.feed(engine)
        while (await engine.step())
        // What became of the units of another life the state is asked; there may be more at hand then.
        await this.#ledger?.answered()
        // Whoever waits for the clock waits for the test to move it.
        if (!this.#hasLearned && engine.isCalling) await engine.callMoved()
      } while (this.#hasLearned || engine.isCalling || engine.hasAnswers)
      return true
    } catch (error) {
      this.#end()
      if (error instanceof SimulatedCrash) return false
      throw this.#withReason(error)
    }
  }

  /** Before the records of tasks: a copy is level with its topic when it is joined with. */
  #fillGlobals (): void {
    const { topology, log, skipped } = this.#options
    for (const name of new Set(topology.globals.map(({ topic }) => topic.name))) {
      const records = log.recordsOf(name)
      for (const record of records.slice(this.#filled.get(name) ?? 0)) applyToGlobals(topology, this.#globals, record, skipped)
      this.#filled.set(name, records.length)
    }
  }

  /** The next unit dies behind this step; another life begins where the state says that it stands. */
  crashAt (milestone: Milestone): void {
    this.#crashAt = milestone
  }

  /** As when the process is stopped and started again. */
  restart (): void {
    this.#end()
  }

  /** Makes a topic that a pattern of the topology matches, and gives the tasks out anew with it. */
  async find (topic: string): Promise<void> {
    const { log, partitionsOf } = this.#options
    if ((await log.partitionCounts([topic])).has(topic)) return
    await log.createTopics([{ name: topic, partitions: partitionsOf(topic) }])
    await this.rebalance()
  }

  /** The group gives all tasks to somebody else and back. */
  async rebalance (): Promise<void> {
    const engine = await this.engine()
    engine.resume([])
    if (this.#ledger !== undefined) engine.resume(await this.#takeOver(this.#ledger))
  }

  async #start (): Promise<Engine> {
    const { topology, applicationId, log, state, clock, maxUnitRecords, committed, debug } = this.#options
    const stores = new StoreStates(topology.stores)
    await state.ensureStores(topology.stores)
    this.#globals = createGlobalTables(topology)
    this.#filled.clear()
    const ledger = new UnitLedger({
      state,
      learned: () => {
        this.#hasLearned = true
        engine.decided()
      }
    })
    this.#ledger = ledger
    const tracing = openTracing(applicationId)
    const Runner = debug ? CheckedRunner : UnitRunner
    const engine: Engine = new Engine({
      applicationId,
      ledger,
      state,
      stores,
      runner: new Runner({ topology, applicationId, stores, now: clock.now, maxRecordBytes: MAX_RECORD_BYTES, globals: this.#globals, tracing }),
      tracing,
      outbound: new Outbound(log.producer),
      clock,
      schedule: lowestTimestampFirst(),
      maxUnitRecords,
      unitIntervalMs: 0,
      acknowledgeWithinMs: 10_000,
      takeApplied: () => [],
      lost: () => {},
      committed,
      // What a `peek` does wrong is the test's to know.
      effectFailed: error => { throw error },
      pauses: this.#pauses,
      roomMade: () => {},
      reached: milestone => this.#reached(milestone)
    })
    engine.resume(await this.#takeOver(ledger))
    return engine
  }

  #end (): void {
    this.#engine = undefined
    this.#options.clock.forget()
  }

  #reached (milestone: Milestone): void {
    if (this.#crashAt !== milestone) return
    this.#crashAt = undefined
    throw new SimulatedCrash(`The process died behind '${milestone}'.`)
  }

  async #takeOver (ledger: UnitLedger): Promise<Task[]> {
    const { topology, applicationId, log, state, partitionsOf } = this.#options
    const inputs = new Set([...topicsOf(topology).flatMap(({ name, internal }) => internal ? [] : name), ...topology.globals.map(({ topic }) => topic.name)])
    await log.createTopics([...inputs].map(name => ({ name, partitions: partitionsOf(name) })))
    const ready = await ensureTopics(topology, { applicationId, log, state, logger: silentLogger, noted: await state.noteInputs(new Map()) })
    await state.noteInputs(ready.inputs)
    const subTopologies = namedSubTopologies(topology, applicationId, ready.found)
    const sources = new Map([...ready.inputs, ...ready.internal])
    const partitions = [...sources].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
    const { whole } = candidatesOf(subTopologies, partitions, new Set(sources.keys()))
    const positions = await state.takeOver(whole.map(({ topics, ...task }) => ({ ...task, offsets: Object.fromEntries(topics.map(topic => [topic, 0])) })))
    const parked = await state.parked(whole)
    const epoch = ++this.#epoch
    const gateOf = (topic: string): UnitGate | undefined => ready.internal.has(topic) ? new UnitGate(ledger, this.#options.clock.now) : undefined
    return whole.flatMap(({ subTopology, partition, topics }) => {
      const position = positions.find(each => each.subTopology === subTopology && each.partition === partition)
      const definition = subTopologies.find(({ name }) => name === subTopology)
      return position === undefined || definition === undefined ? [] : [new Task(definition, position, topics, epoch, [], gateOf, parked.filter(each => each.subTopology === subTopology && each.partition === partition))]
    })
  }

  #withReason (error: unknown): unknown {
    const pause = this.#pauses.holdingRecords()
    if (pause === undefined) return error
    this.#pauses.over(pause.kind)
    return new Error(`Topology '${this.#options.topology.name}' waits for ${pause.waitsFor}, and in a test nothing comes back by itself: ${pause.reason}`, { cause: error })
  }
}
