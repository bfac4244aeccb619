import { setTimeout as sleep } from 'node:timers/promises'
import type { State, TaskId, TaskUnits } from '../state/state.ts'
import type { Task } from './task.ts'
import type { UnitStamp } from './unit-stamp.ts'

/** take: its unit is committed · skip: it never will be · wait: nobody knows yet. */
export type Verdict = 'take' | 'skip' | 'wait'

export interface UnitLedgerOptions {
  readonly state: Pick<State, 'generation' | 'unitsOf'>
  /** Something that was undecided may be decided now. */
  readonly learned: () => void
}

interface Known {
  readonly epoch: number
  /** The last that is committed. */
  unit: number
  /** Of older epochs: the last committed unit; undefined while nobody has asked. */
  readonly closed: ReadonlyMap<number, number> | undefined
  /** By epoch and unit: attempts below this one are aborted. */
  readonly aborted: Map<string, number>
}

const FIRST_WAIT_MS = 5
const LONGEST_WAIT_MS = 100

/**
 * What this process knows of the units that wrote internal records. Of its own tasks it is told; of those of others, and of
 * what was before it, it asks the state: once for all that is undecided, and again after a short while.
 */
export class UnitLedger {
  readonly #options: UnitLedgerOptions
  readonly #known = new Map<string, Known>()
  /** Epochs of the tasks that are ours: what becomes of their units we are told. */
  #own: ReadonlyMap<string, number> = new Map()
  readonly #questions = new Map<string, TaskId>()
  #asking: Promise<void> | undefined
  /** Ends in the same turn as the last look at the questions: one that comes a moment later begins anew. */
  #isAsking = false
  #round: Promise<boolean> = Promise.resolve(false)
  readonly #closed = new AbortController()

  constructor (options: UnitLedgerOptions) {
    this.#options = options
  }

  /** The tasks that are ours from now on. */
  hold (tasks: readonly Task[]): void {
    this.#own = new Map(tasks.map(({ name, position: { epoch } }) => [name, epoch]))
    // Whoever still waits asks again.
    this.#questions.clear()
    for (const { name, position: { epoch, unit } } of tasks) {
      if (this.#known.get(name)?.epoch !== epoch) this.#known.set(name, { epoch, unit, closed: undefined, aborted: new Map() })
    }
  }

  /** A unit of one of our tasks is committed; its attempts below this one were not. */
  committed ({ name, position: { epoch, unit } }: Task, attempt: number): void {
    const known = this.#known.get(name)
    if (known?.epoch !== epoch) return
    if (attempt > 0) known.aborted.set(placeOf(epoch, unit), attempt)
    known.unit = unit
  }

  /** The attempts below this one at the unit behind the task's position came to nothing. */
  aborted ({ name, position: { epoch, unit } }: Task, attempt: number): void {
    const known = this.#known.get(name)
    if (known?.epoch === epoch) known.aborted.set(placeOf(epoch, unit + 1), attempt)
  }

  judge ({ generation, subTopology, partition, epoch, unit, attempt }: UnitStamp): Verdict {
    if (generation !== this.#options.state.generation) return 'skip'
    const name = `${subTopology}/${partition}`
    const known = this.#known.get(name)
    if (known === undefined || epoch > known.epoch || (epoch < known.epoch && known.closed === undefined)) return this.#ask(name, { subTopology, partition })
    if (attempt < (known.aborted.get(placeOf(epoch, unit)) ?? 0)) return 'skip'
    if (unit <= (epoch === known.epoch ? known.unit : known.closed?.get(epoch) ?? -1)) return 'take'
    if (epoch < known.epoch) return 'skip'
    return this.#own.get(name) === epoch ? 'wait' : this.#ask(name, { subTopology, partition })
  }

  /** Resolves when all that is asked was answered once. */
  async answered (): Promise<void> {
    for (let round: Promise<boolean> | undefined; this.#isAsking && round !== this.#round;) {
      round = this.#round
      await round
    }
  }

  async close (): Promise<void> {
    this.#closed.abort()
    await this.#asking
  }

  #ask (name: string, task: TaskId): Verdict {
    this.#questions.set(name, task)
    if (!this.#isAsking) this.#asking = this.#askUntilKnown()
    return 'wait'
  }

  async #askUntilKnown (): Promise<void> {
    const { learned } = this.#options
    this.#isAsking = true
    for (let waitMs = FIRST_WAIT_MS; this.#questions.size > 0 && !this.#closed.signal.aborted; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      const asked = new Set(this.#questions.keys())
      this.#round = this.#askOnce()
      if (await this.#round) {
        waitMs = FIRST_WAIT_MS
        learned()
      }
      // What came up meanwhile does not wait with what nobody knows yet.
      if (this.#questions.size > 0 && [...this.#questions.keys()].every(name => asked.has(name))) await sleep(waitMs, undefined, { signal: this.#closed.signal, ref: false }).catch(() => {})
    }
    this.#isAsking = false
  }

  /** Whether something was learnt. Who is away is waited for by the engine, which says so. */
  async #askOnce (): Promise<boolean> {
    const answers = await this.#options.state.unitsOf([...this.#questions.values()]).catch((): TaskUnits[] => [])
    return answers.filter(answer => this.#learn(answer)).length > 0
  }

  /** Whether it says more than was known. Who is told so judges again, and asks again where that is not enough. */
  #learn ({ subTopology, partition, epoch, unit, closed, aborted }: TaskUnits): boolean {
    const name = `${subTopology}/${partition}`
    const known = this.#known.get(name)
    // The answer to an earlier question: we have taken the task over, or committed a unit of it, meanwhile.
    if (known !== undefined && (known.epoch > epoch || (known.epoch === epoch && known.unit > unit))) return false
    const isNew = known === undefined || known.closed === undefined || known.epoch !== epoch || known.unit !== unit || known.aborted.size !== aborted.length ||
      aborted.some(each => known.aborted.get(placeOf(each.epoch, each.unit)) !== each.attempts)
    if (!isNew) return false
    this.#known.set(name, {
      epoch,
      unit,
      closed: new Map(closed.map(each => [each.epoch, each.unit])),
      aborted: new Map(aborted.map(each => [placeOf(each.epoch, each.unit), each.attempts]))
    })
    this.#questions.delete(name)
    return true
  }
}

function placeOf (epoch: number, unit: number): string {
  return `${epoch}/${unit}`
}
