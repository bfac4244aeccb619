import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { LogError } from '../log/log.ts'
import type { State, TaskId, TaskPosition } from '../state/state.ts'
import { abortedOf, tasksOf, type Committed, type Outcome } from './committer.ts'
import type { Calls } from './calls/calls.ts'
import type { Intake } from './intake.ts'
import type { Item } from './item.ts'
import type { Outbound } from './outbound.ts'
import type { Patience } from './patience.ts'
import type { StoreStates } from './stores/store-states.ts'
import type { Task } from './task.ts'
import type { Tracing } from './tracing/tracing.ts'
import type { Unit, UnitRunner } from './unit.ts'
import type { UnitLedger } from './unit-ledger.ts'

export interface AftermathOptions {
  readonly state: State
  readonly stores: StoreStates
  readonly runner: UnitRunner
  readonly outbound: Outbound
  readonly clock: Clock
  /** Left out: no internal topic is read. */
  readonly ledger?: UnitLedger
  /** These tasks are somebody else's now, or were reset; whoever knows the group decides whether to take them over anew. */
  readonly lost: (tasks: readonly TaskId[]) => void
  readonly committed: (unit: Unit, outcome: Committed) => void
  /** What a topology does once per record, beside its stores, has thrown; the record is committed all the same. */
  readonly effectFailed?: (error: unknown) => void
  /** undefined: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** What is done when a unit's commit was answered: its effects, or which records are run again and after what. */
export class Aftermath {
  readonly #options: AftermathOptions
  readonly #intake: Intake
  readonly #patience: Patience
  readonly #calls: Calls

  constructor (options: AftermathOptions, intake: Intake, patience: Patience, calls: Calls) {
    this.#options = options
    this.#intake = intake
    this.#patience = patience
    this.#calls = calls
  }

  /**
   * Returns undefined when the unit was committed: what was prepared on top stands. Else that is undone with it, and these
   * are the records to run again before it, one list per unit; none where they are not ours any more, or turned out to be
   * committed.
   */
  async of (unit: Unit, outcome: Outcome): Promise<readonly (readonly Item[])[] | undefined> {
    const { stores, outbound, runner } = this.#options
    if (outcome.kind === 'committed') {
      stores.committed(outcome.changes)
      this.#advance(unit, outcome.positions)
      outbound.committed()
      this.#close(unit)
      this.#options.committed(unit, outcome)
      this.#patience.goOn()
      return undefined
    }
    if ('error' in outcome) this.#patience.failedAgain(outcome.error, undefined)
    stores.undo()
    runner.discard()
    outbound.undone()
    const { items } = unit
    if (outcome.kind !== 'unknown' && outcome.kind !== 'fatal') this.#abort(unit)
    switch (outcome.kind) {
      case 'again':
        if (outcome.reason === 'outage') await this.#patience.waitOut(pauseKindOf(outcome.error, unit), messageOf(outcome.error))
        return [items]
      case 'data': return this.halve(items, outcome.error)
      case 'unsendable':
        if (!outcome.emission.isDeadLetter) runner.fail(outcome.emission.item, 'sink', outcome.error)
        // Cut to the least and still refused: that is the topic's doing, and waits for whoever looks after it.
        else if (!runner.shrinkDeadLetter(outcome.emission.item)) await this.#patience.waitOut('dead-letters', messageOf(outcome.error))
        return [items]
      case 'lost': return this.#drop(items, outcome.tasks)
      case 'unknown': return await this.#learn(unit, outcome.positions, outcome.error)
      case 'fatal': throw outcome.error
    }
  }

  /** Which of the records cannot be stored? Each half is tried by itself, down to the one. */
  halve (items: readonly Item[], error: Error): readonly (readonly Item[])[] {
    const [only] = items
    // A unit that only moves positions has nobody to blame.
    if (only === undefined) throw error
    if (items.length === 1) {
      this.#options.runner.fail(only, 'store', error)
      return [items]
    }
    const middle = Math.ceil(items.length / 2)
    return [items.slice(0, middle), items.slice(middle)]
  }

  /** The tasks that are ours from now on. */
  hold (tasks: readonly Task[]): void {
    if (this.#intake.tasks.some(task => !tasks.includes(task))) this.#options.outbound.forget()
    this.#intake.hold(tasks)
    this.#calls.hold(tasks)
    this.#options.runner.timers.hold(tasks, this.#options.clock.now())
    this.#options.ledger?.hold(tasks)
    this.#options.tracing?.hold(tasks)
    // What waited may be somebody else's now, and nothing is left whose commit would end the waiting.
    if (!this.#intake.hasBacklog) this.#patience.goOn()
  }

  /** What happens once per record, however often its unit was run. */
  #close ({ items, effects }: Unit): void {
    this.#calls.stored(items)
    this.#options.tracing?.committed(items)
    for (const effect of effects) {
      try {
        effect()
      } catch (error) {
        this.#options.effectFailed?.(error)
      }
    }
  }

  #drop (items: readonly Item[], lost: readonly TaskId[]): readonly (readonly Item[])[] {
    const isLost = ({ subTopology, partition }: Task): boolean => lost.some(task => task.subTopology === subTopology.name && task.partition === partition)
    this.hold(this.#intake.tasks.filter(task => !isLost(task)))
    this.#options.stores.clear()
    this.#options.lost(lost)
    return [this.#intake.ours(items)]
  }

  /** The commit was sent and not answered: the position rows know whether it happened. */
  async #learn (unit: Unit, sent: readonly TaskPosition[], error: Error): Promise<readonly (readonly Item[])[]> {
    for (;;) {
      await this.#patience.waitOut('postgres', `the outcome of a commit is not known: ${messageOf(error)}`)
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
        this.#patience.goOn()
      } else {
        this.#abort(unit)
      }
      const again = happened ? [] : unit.items
      return lost.length === 0 ? [again] : this.#drop(again, lost)
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
}

/** What the unit waits for. A log that says nothing of the topic is away as a whole. */
function pauseKindOf (error: unknown, { emissions }: Unit): 'postgres' | 'kafka' | 'dead-letters' {
  if (!(error instanceof LogError)) return 'postgres'
  return emissions.some(({ isDeadLetter, record: { topic } }) => isDeadLetter && topic === error.topic) ? 'dead-letters' : 'kafka'
}
