import { setImmediate as turn } from 'node:timers/promises'
import type { FetchedBatch, ReadPosition, TopicPartition } from '../log/log.ts'
import type { Pauses } from '../pauses.ts'
import { FatalError, messageOf } from '../errors.ts'
import type { SchemaNotLoaded } from '../serdes/schema-not-loaded.ts'
import { StateError } from '../state/state.ts'
import { Aftermath, type AftermathOptions } from './aftermath.ts'
import { Calls, type CallsOptions } from './calls/calls.ts'
import { abandonUnit, beginUnit, commitUnit, type CommitterOptions, type Outcome } from './committer.ts'
import { Intake } from './intake.ts'
import type { Item, TimeItem } from './item.ts'
import { Patience, type Trouble } from './patience.ts'
import type { Schedule } from './schedule.ts'
import { Signal } from './signal.ts'
import type { Task } from './task.ts'
import { RECORDS_AT_A_TIME, type Unit } from './unit.ts'

export interface EngineOptions extends AftermathOptions, CommitterOptions, Pick<CallsOptions, 'applicationId' | 'called' | 'breakerChanged'> {
  readonly schedule: Schedule
  readonly maxUnitRecords: number
  /** A unit that is not full begins no sooner than this after the one before: a unit costs the same round trips whatever its size. */
  readonly unitIntervalMs: number
  /** Told why the engine waits, at each try, and when it goes on. */
  readonly pauses: Pauses
  /** There is room again: the reader may fetch. */
  readonly roomMade: () => void
}

interface InFlight {
  readonly unit: Unit
  readonly outcome: Promise<Outcome>
}

/** A record that asks for more and more state never becomes ready. */
const MAX_SUSPENSIONS = 1_000

const IDLE_MS = 1_000

/** Before tasks are given to others: far below the time that the group waits for its members. */
const DRAIN_AT_REBALANCE_MS = 5_000
/** Before the process ends: it is killed soon after ten seconds, and has to commit. */
const DRAIN_AT_STOP_MS = 7_000

/**
 * The loop: take records, run them, commit. While Postgres works on one unit the next is prepared on top of it; it is
 * committed only after the one before, and prepared anew when that one fails.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #intake: Intake
  readonly #patience: Patience
  readonly #aftermath: Aftermath
  readonly #arrival = new Signal()
  readonly #calls: Calls
  /** Whoever waits until a call has moved. */
  #moved = Promise.withResolvers<void>()
  #inFlight: InFlight | undefined
  #lastUnitAt = -Infinity
  #stopping = false
  /** From the start until tasks are given. */
  #paused = true
  #resting = false
  #restWaiters: (() => void)[] = []

  constructor (options: EngineOptions) {
    this.#options = options
    this.#intake = new Intake(options.schedule)
    this.#patience = new Patience(options.clock, options.pauses)
    this.#calls = new Calls({
      ...options,
      changed: () => this.#arrival.raise(),
      moved: () => {
        this.#moved.resolve()
        this.#moved = Promise.withResolvers()
      }
    })
    this.#aftermath = new Aftermath(options, this.#intake, this.#patience, this.#calls)
  }

  get tasks (): readonly Task[] {
    return this.#intake.tasks
  }

  /** undefined: the last unit was committed. */
  get trouble (): Trouble | undefined {
    return this.#patience.trouble
  }

  /** What keeps records of this task from being committed; undefined: nothing that is known. */
  troubleOf (task: Task): Trouble | undefined {
    return this.trouble ?? this.#calls.troubleOf(task)
  }

  /** Whether a task that stands still does so on purpose: for a breaker, for calls that are being made, or until a retry is due. */
  waits (task: Task): boolean {
    return this.trouble === undefined && this.#calls.waits(task)
  }

  /** What the reader may ask for. */
  wanted (): ReadPosition[] {
    return this.#paused ? [] : this.#intake.wanted()
  }

  deliver (batch: FetchedBatch): void {
    if (this.#intake.deliver(batch)) this.#arrived()
  }

  /** Records that were undecided may be decided now. */
  decided (): void {
    this.#arrived()
  }

  /** Goes on behind what the log has no longer. False where the partition is not ours or not there any more. */
  skip (gap: TopicPartition & { readonly from: number, readonly to: number }): boolean {
    if (!this.#intake.skip(gap)) return false
    this.#arrival.raise()
    this.#options.roomMade()
    return true
  }

  /** Runs until `stop`; rejects with the error that makes going on impossible. */
  async run (): Promise<void> {
    try {
      while (!this.#stopping) {
        const idleMs = this.#paused ? await this.#rest() : await this.#cycle()
        if (idleMs > 0) await this.#arrival.wait(idleMs)
      }
      await this.#drain(DRAIN_AT_STOP_MS)
      // What is still called is called again by whoever has the tasks next.
      this.#calls.hold([])
      await this.#finishInFlight()
    } finally {
      this.#options.tracing?.hold([])
      this.#rested()
    }
  }

  /** One unit from its records to its commit, for whoever moves time by hand and does not `run`. False: there is nothing to do now. */
  async step (): Promise<boolean> {
    if (this.#paused) return false
    const idleMs = await this.#cycle()
    await this.#finishInFlight()
    return idleMs === 0
  }

  /** Whether calls are being made that do not wait for the clock. */
  get isCalling (): boolean {
    return this.#calls.awake > 0
  }

  /** Whether calls are answered whose records are not run yet. */
  get hasAnswers (): boolean {
    return this.tasks.some(({ calls }) => calls !== undefined && calls.ready > 0)
  }

  /** Resolves when a call has ended or begun to wait for the clock. */
  async callMoved (): Promise<void> {
    await this.#moved.promise
  }

  /** Moves stream time on in these tasks without a record; nodes that wait for it act in commits of their own. */
  advanceStreamTime (tasks: readonly Task[], watermark: number): void {
    const now = this.#options.clock.now()
    this.#intake.giveBack([tasks.map(task => ({ task, record: undefined, now, watermark, due: [] }))])
    this.#arrival.raise()
  }

  /** Finishes the unit in flight and takes no more records until `resume`. */
  async pause (): Promise<void> {
    this.#paused = true
    if (this.#resting) return
    await new Promise<void>(resolve => {
      this.#restWaiters.push(resolve)
      this.#arrival.raise()
    })
  }

  /** The tasks that are ours from now on. What others may have written meanwhile is read again. */
  resume (tasks: readonly Task[]): void {
    this.#aftermath.hold(tasks)
    this.#options.stores.clear()
    this.#paused = false
    this.#resting = false
    this.#calls.holdBack(false)
    this.#arrival.raise()
    this.#options.roomMade()
  }

  #arrived (): void {
    this.#arrival.raise()
    // The loop may be in the middle of a commit, and calls need not wait for that.
    if (!this.#paused && !this.#stopping) this.#calls.fillSoon()
  }

  /** Lets the unit in flight finish; `run` then returns. */
  stop (): void {
    this.#stopping = true
    this.#arrival.raise()
  }

  async #rest (): Promise<number> {
    if (!this.#resting) await this.#drain(DRAIN_AT_REBALANCE_MS)
    await this.#finishInFlight()
    this.#rested()
    return IDLE_MS
  }

  /** Lets calls that are under way end, for so long, and commits what came of them: else it would be lost, and whoever has the task next would call again. */
  async #drain (withinMs: number): Promise<void> {
    this.#calls.holdBack(true)
    const until = performance.now() + withinMs
    for (let leftMs = withinMs; leftMs > 0; leftMs = until - performance.now()) {
      const isOpen = this.hasAnswers || this.#intake.hasAnswered || this.#calls.running > 0
      const items = isOpen ? this.#intake.take(this.#options.maxUnitRecords) : []
      if (items.length > 0) await this.#run(items)
      // It may come to nothing, and its records be there to run again.
      else if (this.#inFlight !== undefined) await this.#finishInFlight()
      else if (isOpen) await this.#arrival.wait(leftMs)
      else return
    }
  }

  #rested (): void {
    this.#resting = true
    for (const waiter of this.#restWaiters.splice(0)) waiter()
  }

  async #finishInFlight (): Promise<void> {
    this.#intake.giveBack(await this.#settleInFlight() ?? [])
  }

  /** Does what there is to do. Answers with how long there is nothing, unless something arrives; 0: look again. */
  async #cycle (): Promise<number> {
    this.#calls.fill()
    const due = this.#due()
    const restMs = due.length > 0 ? 0 : this.#restBeforeUnit()
    const items = due.length > 0 ? due : restMs > 0 ? [] : this.#take()
    if (items.length === 0) {
      if (this.#inFlight !== undefined) {
        await this.#finishInFlight()
        return 0
      }
      if (restMs > 0) return restMs
      if (this.#intake.passedOver().length === 0) return this.#idleMs()
      this.#lastUnitAt = this.#options.clock.now()
    }
    await this.#run(items)
    return 0
  }

  async #run (items: readonly Item[]): Promise<void> {
    const parts = await this.#prepare(items)
    // Two lanes: what decides is written while the unit before is committed, and everything else after it.
    const beginning = parts === undefined ? beginUnit(this.#options) : undefined
    const again = await this.#settleInFlight().catch(async (error: unknown) => {
      // The end of this engine, and not of a transaction that holds locks and a connection.
      const begun = await beginning
      if (begun !== undefined) await abandonUnit(begun)
      throw error
    })
    if (beginning === undefined || parts !== undefined || again !== undefined || !this.#intake.hasAll(items)) {
      // What was prepared stood on a unit that was undone, or is partly not ours any more, or is not whole.
      if (beginning !== undefined) await abandonUnit(await beginning)
      this.#options.runner.discard()
      this.#options.stores.undo()
      this.#intake.giveBack([...again ?? [], ...parts ?? [items]])
      return
    }
    const unit = this.#options.runner.close(this.#intake.passedOver())
    this.#options.stores.seal()
    // The next unit is prepared while the rows that decide are still being inserted.
    this.#inFlight = { unit, outcome: beginning.then(async begun => await commitUnit(unit, begun, this.#options)) }
  }

  /** What the wall clock has made due is a unit of its own, and waits only for what is to be run again. */
  #due (): TimeItem[] {
    return this.#intake.hasBacklog ? [] : this.#options.runner.timers.due(this.#options.clock.now())
  }

  #idleMs (): number {
    const nextAt = Math.min(this.#options.runner.timers.nextAt, ...this.tasks.map(({ heldUntilMs }) => heldUntilMs))
    return Math.max(1, Math.min(IDLE_MS, nextAt - this.#options.clock.now()))
  }

  #restBeforeUnit (): number {
    const { clock, maxUnitRecords, unitIntervalMs } = this.#options
    const passedMs = clock.now() - this.#lastUnitAt
    // A clock that was set back holds nothing up.
    if (passedMs < 0 || passedMs >= unitIntervalMs || this.#intake.hasBacklog) return 0
    return this.#intake.length >= maxUnitRecords ? 0 : unitIntervalMs - passedMs
  }

  #take (): Item[] {
    const isRerun = this.#intake.hasBacklog
    const items = this.#intake.take(this.#options.maxUnitRecords)
    if (items.length > 0 && !isRerun) {
      this.#lastUnitAt = this.#options.clock.now()
      this.#options.roomMade()
    }
    return items
  }

  /** Runs the records; answers with the lists to run again where state could not be read. */
  async #prepare (items: readonly Item[]): Promise<readonly (readonly Item[])[] | undefined> {
    const { runner, stores, state } = this.#options
    let suspensions = 0
    for (let index = 0; index < items.length;) {
      const item = items[index]
      if (item === undefined) break
      if (runner.run(item)) {
        index++
        if (index % RECORDS_AT_A_TIME === 0) await this.#breathe()
        suspensions = 0
        continue
      }
      if (++suspensions > MAX_SUSPENSIONS) {
        runner.fail(item, 'processor', new RangeError(`It asked for more state ${MAX_SUSPENSIONS} times over.`))
        continue
      }
      const { node, awaited } = runner
      if (awaited !== undefined) {
        if (!await this.#loadSchema(awaited, node)) return [items]
        continue
      }
      const walked = items.slice(index)
      await runner.guess(walked, async () => await this.#breathe())
      const wanted = stores.takeMissing()
      try {
        const loaded = await state.load(wanted)
        const kept = runner.keep(walked, stores.firstMisled(loaded, wanted))
        stores.accept(loaded, wanted)
        if (kept > 0) suspensions = 0
        index += kept
      } catch (error) {
        if (!(error instanceof StateError) || error.kind === 'fatal') throw error
        if (error.kind === 'data') return this.#aftermath.halve(items, error)
        this.#patience.failedAgain(error, node)
        await this.#patience.waitOut('postgres', `reading state: ${error.message}`)
        return [items]
      }
    }
    return undefined
  }

  /** While a unit is being committed, its statements are sent as soon as those before are answered, and not when the next unit is prepared. */
  async #breathe (): Promise<void> {
    if (this.#inFlight !== undefined) await turn()
  }

  /** False: the registry is away, and was waited for. */
  async #loadSchema ({ load, message }: SchemaNotLoaded, node: string | undefined): Promise<boolean> {
    try {
      await load()
      return true
    } catch (error) {
      if (error instanceof FatalError) throw error
      this.#patience.failedAgain(error, node)
      await this.#patience.waitOut('schemas', `${message} ${messageOf(error)}`)
      return false
    }
  }

  /** Undefined: there is none, or it was committed. Else the records to run again. */
  async #settleInFlight (): Promise<readonly (readonly Item[])[] | undefined> {
    if (this.#inFlight === undefined) return undefined
    const { unit, outcome } = this.#inFlight
    const answered = await outcome
    this.#inFlight = undefined
    return await this.#aftermath.of(unit, answered)
  }
}
