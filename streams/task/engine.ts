import { messageOf } from '../errors.ts'
import { LogError, type FetchedBatch, type ReadPosition, type TopicPartition } from '../log/log.ts'
import type { Pauses } from '../pauses.ts'
import { StateError, type State, type TaskId, type TaskPosition } from '../state/state.ts'
import { abandonUnit, abortedOf, beginUnit, commitUnit, tasksOf, type Committed, type Milestone, type Outcome } from './committer.ts'
import type { Item } from './item.ts'
import type { Outbound } from './outbound.ts'
import { Signal } from './signal.ts'
import type { StoreStates } from './stores/store-states.ts'
import type { PassedOver, Task } from './task.ts'
import type { Unit, UnitRunner } from './unit.ts'
import type { UnitLedger } from './unit-ledger.ts'

export interface EngineOptions {
  readonly state: State
  readonly stores: StoreStates
  readonly runner: UnitRunner
  readonly outbound: Outbound
  /** Left out: no internal topic is read. */
  readonly ledger?: UnitLedger
  readonly maxUnitRecords: number
  /** A unit that is not full begins no sooner than this after the one before: a unit costs the same round trips whatever its size. */
  readonly unitIntervalMs: number
  readonly acknowledgeWithinMs: number
  /** Outbox rows that the projection has applied; the next unit removes them. */
  readonly takeApplied: () => readonly number[]
  /** These tasks are somebody else's now, or were reset; whoever knows the group decides whether to take them over anew. */
  readonly lost: (tasks: readonly TaskId[]) => void
  readonly committed: (unit: Unit, outcome: Committed) => void
  /** What a topology does once per record, beside its stores, has thrown; the record is committed all the same. */
  readonly effectFailed?: (error: unknown) => void
  /** Told why the engine waits, at each try, and when it goes on. */
  readonly pauses: Pauses
  /** There is room again: the reader may fetch. */
  readonly roomMade: () => void
  readonly reached?: (milestone: Milestone) => void
}

interface InFlight {
  readonly unit: Unit
  readonly outcome: Promise<Outcome>
}

/** What keeps the same records from being committed. */
export interface Trouble {
  /** How often they were tried. */
  readonly attempts: number
  readonly error: string
  /** The node that asked for what it was not given; undefined where the unit's commit failed. */
  readonly node: string | undefined
}

const FIRST_BACKOFF_MS = 25
/** Short, so that work goes on within a second of the dependency's return. */
const LONGEST_BACKOFF_MS = 1_000
/** A record that asks for more and more state never becomes ready. */
const MAX_SUSPENSIONS = 1_000

/**
 * The loop: take records, run them, commit. While Postgres works on one unit the next is prepared on top of it; it is
 * committed only after the one before, and prepared anew when that one fails.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #arrival = new Signal()
  #tasks: Task[] = []
  readonly #byPartition = new Map<string, Task>()
  /** Records that were taken before and have to be run again, in order, one list per unit. */
  #backlog: Item[][] = []
  #inFlight: InFlight | undefined
  #backoffMs = FIRST_BACKOFF_MS
  #trouble: Trouble | undefined
  #lastUnitAt = -Infinity
  #stopping = false
  /** From the start until tasks are given. */
  #paused = true
  #resting = false
  #restWaiters: (() => void)[] = []

  constructor (options: EngineOptions) {
    this.#options = options
  }

  get tasks (): readonly Task[] {
    return this.#tasks
  }

  /** undefined: the last unit was committed. */
  get trouble (): Trouble | undefined {
    return this.#trouble
  }

  /** What the reader may ask for. */
  wanted (): ReadPosition[] {
    return this.#paused ? [] : this.#tasks.flatMap(task => task.wanted())
  }

  deliver (batch: FetchedBatch): void {
    if (this.#byPartition.get(`${batch.topic}/${batch.partition}`)?.offer(batch) === true) this.#arrival.raise()
  }

  /** Records that were undecided may be decided now. */
  decided (): void {
    this.#arrival.raise()
  }

  /** Goes on behind what the log has no longer. False where the partition is not ours or not there any more. */
  skip ({ topic, partition, from, to }: TopicPartition & { readonly from: number, readonly to: number }): boolean {
    if (this.#byPartition.get(`${topic}/${partition}`)?.skip(topic, from, to) !== true) return false
    this.#arrival.raise()
    this.#options.roomMade()
    return true
  }

  /** Runs until `stop`; rejects with the error that makes going on impossible. */
  async run (): Promise<void> {
    try {
      while (!this.#stopping) {
        if (this.#paused) await this.#rest()
        else await this.#cycle()
      }
      await this.#finishInFlight()
    } finally {
      this.#rested()
    }
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
    this.#setTasks(tasks)
    this.#options.stores.clear()
    this.#paused = false
    this.#resting = false
    this.#arrival.raise()
    this.#options.roomMade()
  }

  /** Lets the unit in flight finish; `run` then returns. */
  stop (): void {
    this.#stopping = true
    this.#arrival.raise()
  }

  #setTasks (tasks: readonly Task[]): void {
    const kept = new Set(tasks)
    if (this.#tasks.some(task => !kept.has(task))) this.#options.outbound.forget()
    this.#tasks = [...tasks]
    this.#options.ledger?.hold(tasks)
    this.#byPartition.clear()
    for (const task of tasks) for (const { topic, partition } of task.queues) this.#byPartition.set(`${topic}/${partition}`, task)
    this.#backlog = this.#backlog.map(items => items.filter(({ task }) => kept.has(task))).filter(items => items.length > 0)
    // What waited may be somebody else's now, and nothing is left whose commit would end the waiting.
    if (this.#backlog.length === 0) this.#goOn()
  }

  async #rest (): Promise<void> {
    await this.#finishInFlight()
    this.#rested()
    await this.#arrival.wait(1_000)
  }

  #rested (): void {
    this.#resting = true
    for (const waiter of this.#restWaiters.splice(0)) waiter()
  }

  async #finishInFlight (): Promise<void> {
    const again = await this.#settleInFlight()
    // Looked up only now: a task that was lost meanwhile has given the engine another backlog.
    if (again !== undefined) this.#backlog.unshift(...again.filter(items => items.length > 0))
  }

  async #cycle (): Promise<void> {
    const restMs = this.#restBeforeUnit()
    if (restMs > 0) {
      if (this.#inFlight !== undefined) return await this.#finishInFlight()
      return await this.#arrival.wait(restMs)
    }
    const items = this.#take()
    if (items.length === 0) {
      if (this.#inFlight !== undefined) return await this.#finishInFlight()
      if (this.#passedOver().length === 0) return await this.#arrival.wait(1_000)
      this.#lastUnitAt = performance.now()
    }
    const parts = await this.#prepare(items)
    // Two lanes: what decides is written while the unit before is committed, and everything else after it.
    const beginning = parts === undefined ? beginUnit(this.#options) : undefined
    const again = await this.#settleInFlight().catch(async (error: unknown) => {
      // The end of this engine, and not of a transaction that holds locks and a connection.
      const begun = await beginning
      if (begun !== undefined) await abandonUnit(begun)
      throw error
    })
    const begun = await beginning
    if (begun === undefined || parts !== undefined || again !== undefined || !this.#hasAll(items)) {
      // What was prepared stood on a unit that was undone, or is partly not ours any more, or is not whole.
      if (begun !== undefined) await abandonUnit(begun)
      this.#options.runner.discard()
      this.#options.stores.undo()
      this.#backlog.unshift(...(again ?? []).filter(part => part.length > 0), ...(parts ?? [[...items]]).flatMap(part => this.#ours(part)))
      return
    }
    const unit = this.#options.runner.close(this.#passedOver())
    this.#options.stores.seal()
    this.#inFlight = { unit, outcome: commitUnit(unit, begun, this.#options) }
  }

  #restBeforeUnit (): number {
    const { maxUnitRecords, unitIntervalMs } = this.#options
    const restMs = unitIntervalMs - (performance.now() - this.#lastUnitAt)
    if (restMs <= 0 || this.#backlog.length > 0) return 0
    const atHand = this.#tasks.reduce((sum, task) => sum + task.queues.reduce((records, { length }) => records + length, 0), 0)
    return atHand >= maxUnitRecords ? 0 : restMs
  }

  /**
   * Without it a partition that ends in an aborted transaction would look as if something were left for ever, and its position
   * could fall behind what retention leaves. While records are to be run again, nothing says what lies behind them.
   */
  #passedOver (): PassedOver[] {
    return this.#backlog.length > 0 ? [] : this.#tasks.flatMap(task => task.passedOver())
  }

  #hasAll (items: readonly Item[]): boolean {
    return items.every(({ task }) => this.#tasks.includes(task))
  }

  #ours (items: readonly Item[]): Item[][] {
    const ours = items.filter(({ task }) => this.#tasks.includes(task))
    return ours.length === 0 ? [] : [ours]
  }

  #take (): Item[] {
    const again = this.#backlog.shift()
    if (again !== undefined) return again
    const items: Item[] = []
    const { maxUnitRecords, roomMade } = this.#options
    // Each task has its share; what some have no records for goes to those that have more.
    for (let ready = this.#tasks; ready.length > 0 && items.length < maxUnitRecords;) {
      const share = Math.ceil((maxUnitRecords - items.length) / ready.length)
      ready = ready.filter(task => this.#takeFrom(task, Math.min(share, maxUnitRecords - items.length), items))
    }
    if (items.length > 0) {
      this.#lastUnitAt = performance.now()
      roomMade()
      // The first task has its turn last next time.
      this.#tasks.push(...this.#tasks.splice(0, 1))
    }
    return items
  }

  /** False when the task had fewer. */
  #takeFrom (task: Task, count: number, into: Item[]): boolean {
    for (let taken = 0; taken < count; taken++) {
      const item = task.take()
      if (item === undefined) return false
      into.push(item)
    }
    return true
  }

  /** Runs the records; answers with the lists to run again where state could not be read. */
  async #prepare (items: readonly Item[]): Promise<Item[][] | undefined> {
    const { runner, stores, state, pauses } = this.#options
    let suspensions = 0
    for (let index = 0; index < items.length;) {
      const item = items[index]
      if (item === undefined) break
      if (runner.run(item)) {
        index++
        suspensions = 0
        continue
      }
      if (++suspensions > MAX_SUSPENSIONS) {
        runner.fail(item, 'processor', new RangeError(`It asked for more state ${MAX_SUSPENSIONS} times over.`))
        continue
      }
      const { node } = runner
      for (const following of items.slice(index)) runner.speculate(following)
      const wanted = stores.takeMissing()
      try {
        stores.accept(await state.load(wanted), wanted)
      } catch (error) {
        if (!(error instanceof StateError) || error.kind === 'fatal') throw error
        if (error.kind === 'data') return this.#halve(items, error)
        this.#failedAgain(error, node)
        pauses.waits('postgres', `reading state: ${error.message}`)
        await this.#backOff()
        return [[...items]]
      }
    }
    return undefined
  }

  async #settleInFlight (): Promise<Item[][] | undefined> {
    return this.#inFlight === undefined ? undefined : await this.#settle(this.#inFlight)
  }

  /**
   * Waits for the unit's commit. Returns undefined when it was answered: what was prepared on top stands. Else that is
   * undone with it, and these are the records to run again before it, one list per unit; none where they are not ours
   * any more, or turned out to be committed.
   */
  async #settle ({ unit, outcome: pending }: InFlight): Promise<Item[][] | undefined> {
    const outcome = await pending
    this.#inFlight = undefined
    const { stores, outbound, runner } = this.#options
    if (outcome.kind === 'committed') {
      stores.committed(outcome.changes)
      this.#advance(unit, outcome.positions)
      outbound.committed()
      this.#close(unit)
      this.#options.committed(unit, outcome)
      this.#goOn()
      return undefined
    }
    if ('error' in outcome) this.#failedAgain(outcome.error, undefined)
    stores.undo()
    runner.discard()
    outbound.undone()
    const items = [...unit.items]
    if (outcome.kind !== 'unknown') this.#abort(unit)
    switch (outcome.kind) {
      case 'again':
        if (outcome.reason === 'outage') await this.#waitOut(pauseKindOf(outcome.error, unit), messageOf(outcome.error))
        return [items]
      case 'data': return this.#halve(items, outcome.error)
      case 'unsendable':
        if (!outcome.emission.isDeadLetter) runner.fail(outcome.emission.item, 'sink', outcome.error)
        // Cut to the least and still refused: that is the topic's doing, and waits for whoever looks after it.
        else if (!runner.shrinkDeadLetter(outcome.emission.item)) await this.#waitOut('dead-letters', messageOf(outcome.error))
        return [items]
      case 'lost': return this.#drop(items, outcome.tasks)
      case 'unknown': return await this.#learn(unit, outcome.positions, outcome.error)
      case 'fatal': throw outcome.error
    }
  }

  /** What happens once per record, however often its unit was run. */
  #close ({ effects }: Unit): void {
    for (const effect of effects) {
      try {
        effect()
      } catch (error) {
        this.#options.effectFailed?.(error)
      }
    }
  }

  /** Which of the records cannot be stored? Each half is tried by itself, down to the one. */
  #halve (items: readonly Item[], error: Error): Item[][] {
    const [only] = items
    // A unit that only moves positions has nobody to blame.
    if (only === undefined) throw error
    if (items.length === 1) {
      this.#options.runner.fail(only, 'store', error)
      return [[only]]
    }
    const middle = Math.ceil(items.length / 2)
    return [items.slice(0, middle), items.slice(middle)]
  }

  #drop (items: readonly Item[], lost: readonly TaskId[]): Item[][] {
    const isLost = ({ subTopology, partition }: Task): boolean => lost.some(task => task.subTopology === subTopology.name && task.partition === partition)
    this.#setTasks(this.#tasks.filter(task => !isLost(task)))
    this.#options.stores.clear()
    this.#options.lost(lost)
    return this.#ours(items)
  }

  /** The commit was sent and not answered: the position rows know whether it happened. */
  async #learn (unit: Unit, sent: readonly TaskPosition[], error: Error): Promise<Item[][]> {
    for (;;) {
      await this.#waitOut('postgres', `the outcome of a commit is not known: ${messageOf(error)}`)
      const found = await this.#options.state.positions(sent).catch(() => undefined)
      if (found === undefined) continue
      // All tasks of a unit move in one transaction, so the first tells for all that are still ours.
      const same = (position: TaskPosition): TaskPosition | undefined => found.find(each => each.subTopology === position.subTopology && each.partition === position.partition && each.epoch === position.epoch)
      const lost = sent.filter(position => same(position) === undefined)
      const happened = sent.some(position => (same(position)?.unit ?? -1) > position.unit)
      this.#options.stores.clear()
      if (happened) {
        this.#advance(unit, found)
        this.#close(unit)
        this.#options.outbound.forget()
        this.#goOn()
      } else {
        this.#abort(unit)
      }
      const again = happened ? [] : [...unit.items]
      return lost.length === 0 ? (again.length === 0 ? [] : [again]) : this.#drop(again, lost)
    }
  }

  #advance (unit: Unit, positions: readonly TaskPosition[]): void {
    for (const task of tasksOf(unit)) {
      const position = positions.find(({ subTopology, partition }) => subTopology === task.subTopology.name && partition === task.partition)
      if (position === undefined) continue
      const { attempt } = task
      task.position = position
      this.#options.ledger?.committed(task, attempt)
    }
  }

  /** What the unit wrote to internal topics is to be skipped. Nobody waits for this to be written down: the unit's commit does it again. */
  #abort (unit: Unit): void {
    const tasks = [...tasksOf(unit)].filter(task => task.undone())
    if (tasks.length === 0) return
    for (const task of tasks) this.#options.ledger?.aborted(task, task.attempt)
    void this.#options.state.abort(tasks.map(abortedOf)).catch(() => {})
  }

  #failedAgain (error: unknown, node: string | undefined): void {
    const message = error === undefined ? 'another writer was first' : messageOf(error)
    this.#trouble = { attempts: (this.#trouble?.attempts ?? 0) + 1, error: message, node }
  }

  #goOn (): void {
    this.#trouble = undefined
    this.#backoffMs = FIRST_BACKOFF_MS
    for (const kind of ['postgres', 'kafka', 'dead-letters'] as const) this.#options.pauses.over(kind)
  }

  async #waitOut (kind: 'postgres' | 'kafka' | 'dead-letters', reason: string): Promise<void> {
    this.#options.pauses.waits(kind, reason)
    await this.#backOff()
  }

  async #backOff (): Promise<void> {
    // Half fixed, half drawn: workers that lost the same database do not come back in step.
    const delayMs = this.#backoffMs * (0.5 + Math.random() / 2)
    this.#backoffMs = Math.min(LONGEST_BACKOFF_MS, this.#backoffMs * 2)
    await new Promise(resolve => setTimeout(resolve, delayMs))
  }
}

/** What the unit waits for. A log that says nothing of the topic is away as a whole. */
function pauseKindOf (error: unknown, { emissions }: Unit): 'postgres' | 'kafka' | 'dead-letters' {
  if (!(error instanceof LogError)) return 'postgres'
  return emissions.some(({ isDeadLetter, record: { topic } }) => isDeadLetter && topic === error.topic) ? 'dead-letters' : 'kafka'
}
