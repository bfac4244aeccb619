import type { Clock } from '../../clock.ts'
import type { CallOrder } from '../../graph/async-processor.ts'
import type { Node } from '../../graph/node.ts'
import { topicName } from '../../graph/topic-names.ts'
import type { SubTopology } from '../../graph/sub-topologies.ts'
import { FatalError, messageOf } from '../../errors.ts'
import { Breaker, type Transition } from '../../resilience/breaker.ts'
import type { Dependency } from '../../resilience/dependency.ts'
import { StateError, type State, type TaskId } from '../../state/state.ts'
import type { Item } from '../item.ts'
import type { Trouble } from '../patience.ts'
import type { UnitRunner } from '../unit.ts'
import type { Task } from '../task.ts'
import { CallWindow, type Due, type Visit } from './call-window.ts'
import { NodeCaller, type NodeCallerOptions } from './node-caller.ts'

export interface CallsOptions extends Pick<NodeCallerOptions, 'applicationId' | 'pauses' | 'moved' | 'called' | 'tracing'> {
  readonly clock: Clock
  readonly state: Pick<State, 'loadParked'>
  readonly runner: UnitRunner
  /** A breaker has opened, is tried or is closed again; left out: nobody wants to know. */
  readonly breakerChanged?: (transition: Transition) => void
  /** Something is ready that was not, or can be taken that could not. */
  readonly changed: () => void
}

/** Beside what is at work: as many records as a node could begin at once, and at least so many, so that keys that wait do not hold up the others. */
const LEAST_WINDOW = 1_000
/** Of a task: how many records it may have put aside; their places are in memory. */
const PARKING_CAPACITY = 100_000

/** All that this process' tasks have asked for outside, and what came of it. */
export class Calls {
  readonly #options: CallsOptions
  readonly #callers = new Map<Node, NodeCaller>()
  readonly #breakers = new Map<string, Breaker>()
  /** Those with parked records that have their turn, and are to be read. */
  readonly #toLoad = new Set<CallWindow>()
  #loading = 0
  #isHeld = false
  #isFilling = false
  /** When the next record of a retry topic is due, and looked at. */
  #dueAt = Infinity
  #cancelDue: (() => void) | undefined
  #failure: Error | undefined
  #tasks: readonly Task[] = []

  constructor (options: CallsOptions) {
    this.#options = options
  }

  /** These tasks are ours from now on. Calls for others are aborted: their records are the next owner's. */
  hold (tasks: readonly Task[]): void {
    for (const task of this.#tasks) {
      if (tasks.includes(task) || task.calls === undefined) continue
      task.calls.close()
      for (const caller of this.#callers.values()) caller.abort(task.calls)
    }
    this.#tasks = tasks
    for (const task of tasks) task.calls ??= this.#openWindow(task)
  }

  /** Begins what there is room for. */
  fill (): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#letIn()
  }

  /** The same, when all that arrives in this turn is here: which record of a task is the next depends on it. */
  fillSoon (): void {
    if (this.#isFilling) return
    this.#isFilling = true
    queueMicrotask(() => {
      this.#isFilling = false
      this.#letInLater()
    })
  }

  /** Calls that are being made and records that are being read, without what sleeps by the clock. */
  get awake (): number {
    return this.#sum(({ awake }) => awake) + this.#loading
  }

  /** Calls that are being made. */
  get running (): number {
    return this.#sum(({ running }) => running)
  }

  /** Whether this task waits for a breaker, for calls that have not had their time, or for nothing but what is not due. */
  waits (task: Task): boolean {
    const { calls } = task
    if (calls === undefined || calls.ready > 0) return false
    if (calls.size > 0) return [...this.#callers.values()].some(caller => caller.waits(calls))
    return task.isAllHeldAt(this.#options.clock.now())
  }

  /** What a record of this task failed on that is tried again where it stands. */
  troubleOf ({ calls }: Task): Trouble | undefined {
    if (calls === undefined) return undefined
    for (const caller of this.#callers.values()) {
      const trouble = caller.troubleOf(calls)
      if (trouble !== undefined) return trouble
    }
    return undefined
  }

  /** While it is held back no call is begun and no record let in; those that are under way end. */
  holdBack (isHeld: boolean): void {
    this.#isHeld = isHeld
    for (const caller of this.#callers.values()) caller.holdBack(isHeld)
  }

  /** The unit with these records is committed. */
  stored (items: readonly Item[]): void {
    for (const item of items) if (item.record !== undefined && item.parking !== undefined) item.task.calls?.parking.stored(item)
  }

  #letIn (): void {
    if (this.#isHeld || this.#failure !== undefined) return
    let dueAt = Infinity
    for (const task of this.#tasks) {
      if (task.calls === undefined) continue
      task.calls.fill()
      dueAt = Math.min(dueAt, task.heldUntilMs)
    }
    if (dueAt >= this.#dueAt) return
    this.#cancelDue?.()
    this.#dueAt = dueAt
    this.#cancelDue = this.#options.clock.timer(Math.max(0, dueAt - this.#options.clock.now()), () => {
      this.#dueAt = Infinity
      this.#letInLater()
    })
  }

  /** Where nobody is there to catch what it throws. */
  #letInLater (): void {
    try {
      this.#letIn()
    } catch (error) {
      this.#fail(error)
    }
  }

  #openWindow (task: Task): CallWindow | undefined {
    const nodes = callersIn(task.subTopology)
    if (nodes.length === 0) return undefined
    return new CallWindow({
      task,
      order: strictestOf(nodes.flatMap(({ calls }) => calls?.processor.order ?? [])),
      size: Math.max(LEAST_WINDOW, ...nodes.map(({ calls }) => 2 * (calls?.processor.concurrency ?? 0))),
      begin: visit => this.#begin(visit),
      parking: { applicationId: this.#options.applicationId, clock: this.#options.clock, capacity: PARKING_CAPACITY },
      load: window => this.#load(window)
    })
  }

  #begin (visit: Visit): void {
    const { runner } = this.#options
    const { item } = visit
    const wanted = item.failure === undefined ? runner.callsOf(item) : []
    if (runner.awaited !== undefined) {
      this.#beginLater(visit, runner.awaited.load)
      return
    }
    visit.open = wanted.length
    if (wanted.length === 0) return this.#answered(visit)
    for (const { node, record, index } of wanted) this.#callerOf(node).enqueue({ visit, record, index })
  }

  /** All that are due in one turn are read together. */
  #load (window: CallWindow): void {
    this.#toLoad.add(window)
    if (this.#toLoad.size > 1) return
    this.#loading++
    queueMicrotask(() => {
      const windows = [...this.#toLoad]
      this.#toLoad.clear()
      this.#loadDue(windows.flatMap(window => window.takeDue().map(due => ({ window, due })))).catch((error: unknown) => this.#fail(error)).finally(() => {
        this.#loading--
        this.#options.moved()
      })
    })
  }

  async #loadDue (asked: readonly { readonly window: CallWindow, readonly due: Due }[]): Promise<void> {
    if (asked.length === 0) return
    const places = asked.map(({ window: { task: { subTopology, partition } }, due: { seq } }) => ({ subTopology: subTopology.name, partition, seq }))
    for (;;) {
      try {
        const rows = new Map((await this.#options.state.loadParked(places)).map(row => [placeOf(row), row]))
        for (const [index, { window, due }] of asked.entries()) {
          const place = places[index]
          const row = place === undefined ? undefined : rows.get(placeOf(place))
          if (row === undefined) window.missing(due)
          else window.release(row)
        }
        return
      } catch (error) {
        if (!(error instanceof StateError) || error.kind === 'fatal') throw error
        this.#options.pauses.waits('postgres', `reading parked records: ${error.message}`)
        await this.#options.clock.sleep(1_000)
      }
    }
  }

  /** Its schema is not here yet. */
  #beginLater (visit: Visit, load: () => Promise<void>): void {
    load().then(() => this.#begin(visit), (error: unknown) => {
      if (error instanceof FatalError) return this.#fail(error)
      this.#options.pauses.waits('schemas', messageOf(error))
      this.#options.clock.timer(1_000, () => this.#begin(visit))
    }).catch((error: unknown) => this.#fail(error))
  }

  #callerOf (node: Node): NodeCaller {
    const known = this.#callers.get(node)
    if (known !== undefined) return known
    if (node.calls === undefined) throw new TypeError(`Node '${node.name}' makes no calls.`)
    const caller = new NodeCaller({
      ...this.#options,
      processor: node.calls.processor,
      breakers: node.calls.processor.needs.map(dependency => this.#breakerOf(dependency)),
      retryTopics: node.calls.retryTopics.map(topic => topicName(topic, this.#options.applicationId)),
      answered: visit => this.#answered(visit),
      failed: error => this.#fail(error)
    })
    this.#callers.set(node, caller)
    caller.holdBack(this.#isHeld)
    return caller
  }

  /** One per dependency, whichever nodes need it. */
  #breakerOf (dependency: Dependency): Breaker {
    const known = this.#breakers.get(dependency.name)
    if (known !== undefined) return known
    const breaker = new Breaker(dependency)
    this.#breakers.set(dependency.name, breaker)
    breaker.listen({ changed: transition => this.#options.breakerChanged?.(transition), freed: () => {} })
    return breaker
  }

  #answered (visit: Visit): void {
    visit.window.answered(visit)
    this.#options.changed()
  }

  #fail (error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    this.#options.changed()
  }

  #sum (of: (caller: NodeCaller) => number): number {
    return [...this.#callers.values()].reduce((sum, caller) => sum + of(caller), 0)
  }
}

function placeOf ({ subTopology, partition, seq }: TaskId & { readonly seq: number }): string {
  return `${subTopology}/${partition}/${seq}`
}

function callersIn ({ nodes }: SubTopology): Node[] {
  return nodes.filter(({ calls }) => calls !== undefined)
}

function strictestOf (orders: readonly CallOrder[]): CallOrder {
  if (orders.includes('partition')) return 'partition'
  return orders.includes('key') ? 'key' : 'none'
}
