import { namedSubTopologies } from '../graph/topic-names.ts'
import type { Topology } from '../graph/topology.ts'
import { silentLogger } from '../logger.ts'
import { Pauses } from '../pauses.ts'
import type { State } from '../state/state.ts'
import type { Milestone } from '../task/committer.ts'
import { Engine } from '../task/engine.ts'
import { Outbound } from '../task/outbound.ts'
import { lowestTimestampFirst } from '../task/schedule.ts'
import { StoreStates } from '../task/stores/store-states.ts'
import { Task } from '../task/task.ts'
import { UnitRunner, type Unit } from '../task/unit.ts'
import { UnitGate } from '../task/unit-gate.ts'
import { UnitLedger } from '../task/unit-ledger.ts'
import { candidatesOf } from '../worker/starts.ts'
import { ensureTopics } from '../worker/topics.ts'
import { CheckedRunner } from './checked-runner.ts'
import type { DriverLog } from './driver-log.ts'
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
    const engine = await this.engine()
    try {
      do {
        this.#hasLearned = false
        do this.#options.log.feed(engine)
        while (await engine.step())
        // What became of the units of another life the state is asked; there may be more at hand then.
        await this.#ledger?.answered()
      } while (this.#hasLearned)
    } catch (error) {
      this.#engine = undefined
      if (!(error instanceof SimulatedCrash)) throw this.#withReason(error)
      await this.settle()
    }
  }

  /** The next unit dies behind this step; another life begins where the state says that it stands. */
  crashAt (milestone: Milestone): void {
    this.#crashAt = milestone
  }

  /** As when the process is stopped and started again. */
  restart (): void {
    this.#engine = undefined
  }

  /** The group gives all tasks to somebody else and back. */
  async rebalance (): Promise<void> {
    const engine = await this.engine()
    engine.resume([])
    engine.resume(await this.#takeOver())
  }

  async #start (): Promise<Engine> {
    const { topology, applicationId, log, state, clock, maxUnitRecords, committed, debug } = this.#options
    const stores = new StoreStates(topology.stores)
    const Runner = debug ? CheckedRunner : UnitRunner
    const ledger = new UnitLedger({ state, learned: () => { this.#hasLearned = true } })
    this.#ledger = ledger
    const engine = new Engine({
      state,
      stores,
      ledger,
      runner: new Runner({ topology, applicationId, stores, now: clock.now, maxRecordBytes: MAX_RECORD_BYTES }),
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
    engine.resume(await this.#takeOver())
    return engine
  }

  #reached (milestone: Milestone): void {
    if (this.#crashAt !== milestone) return
    this.#crashAt = undefined
    throw new SimulatedCrash(`The process died behind '${milestone}'.`)
  }

  async #takeOver (): Promise<Task[]> {
    const { topology, applicationId, log, state, partitionsOf } = this.#options
    const names = new Set(topology.nodes.flatMap(({ topic }) => topic === undefined || topic.internal ? [] : [topic.name]))
    await log.createTopics([...names].map(name => ({ name, partitions: partitionsOf(name) })))
    const { inputs, internal } = await ensureTopics(topology, { applicationId, log, state, logger: silentLogger, noted: await state.noteInputs(new Map()) })
    await state.noteInputs(inputs)
    const subTopologies = namedSubTopologies(topology, applicationId)
    const sources = new Map([...inputs, ...internal])
    const partitions = [...sources].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
    const { whole } = candidatesOf(subTopologies, partitions, new Set(sources.keys()))
    const positions = await state.takeOver(whole.map(({ subTopology, partition, topics, writesInternal }) => ({
      subTopology, partition, writesInternal, offsets: Object.fromEntries(topics.map(topic => [topic, 0]))
    })))
    const epoch = ++this.#epoch
    return whole.flatMap(({ subTopology, partition, topics }) => {
      const position = positions.find(each => each.subTopology === subTopology && each.partition === partition)
      const definition = subTopologies.find(({ name }) => name === subTopology)
      return position === undefined || definition === undefined ? [] : [new Task(definition, position, topics, epoch, [], topic => this.#gateOf(topic, internal))]
    })
  }

  #gateOf (topic: string, internal: ReadonlyMap<string, number>): UnitGate | undefined {
    return this.#ledger !== undefined && internal.has(topic) ? new UnitGate(this.#ledger) : undefined
  }

  #withReason (error: unknown): unknown {
    const pause = this.#pauses.holdingRecords()
    if (pause === undefined) return error
    this.#pauses.over(pause.kind)
    return new Error(`Topology '${this.#options.topology.name}' waits for ${pause.waitsFor}, and in a test nothing comes back by itself: ${pause.reason}`, { cause: error })
  }
}
