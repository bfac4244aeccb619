import { NEVER, type Punctuation, type Timer } from '../graph/timer.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import { deadlineAfter } from './deadline.ts'
import type { TimeItem } from './item.ts'
import type { Task } from './task.ts'

/** What the wall clock is watched for, of one task. */
interface Watch {
  /** By what is done then: when. Forgotten with the task; what a commit has moved is in the task's times. */
  readonly deadlines: Map<Timer, number>
  /** How many records it had taken when somebody last looked. */
  taken: number
}

/** What the nodes of a graph do because time has passed, and when it is due in which task. */
export class Timers {
  readonly #registered: Timer[] = []
  readonly #ofSubTopology = new WeakMap<SubTopology, readonly Timer[]>()
  #watches = new Map<Task, Watch>()

  add (timer: Timer): void {
    this.#registered.push(timer)
  }

  get isEmpty (): boolean {
    return this.#registered.length === 0
  }

  of<K extends Timer['kind']> (subTopology: SubTopology, kind: K): (Timer & { readonly kind: K })[] {
    return this.#all(subTopology).filter((timer): timer is Timer & { readonly kind: K } => timer.kind === kind)
  }

  /** These tasks are ours from now on: whose clock has not begun to run begins. */
  hold (tasks: readonly Task[], now: number): void {
    if (this.isEmpty) return
    const before = this.#watches
    this.#watches = new Map(tasks.map(task => [task, before.get(task) ?? this.#begin(task, now)]))
  }

  /** What the wall clock has made due, one item per task. */
  due (now: number): TimeItem[] {
    return [...this.#watches].flatMap(([task, watch]) => {
      this.#lookAt(task, watch, now)
      const timers = [...watch.deadlines].filter(([, deadline]) => deadline <= now).sort(([, a], [, b]) => a - b).map(([timer]) => timer)
      if (timers.length === 0) return []
      const due = timers.map(timer => {
        const next = timer.kind === 'wall-clock' ? deadlineAfter(watch.deadlines.get(timer) ?? now, timer.everyMs, now) : Infinity
        watch.deadlines.set(timer, next)
        return { timer, next }
      })
      return [{ task, record: undefined, now, watermark: undefined, due }]
    })
  }

  /** When the wall clock makes something due next, if nothing happens until then. */
  get nextAt (): number {
    return Math.min(Infinity, ...[...this.#watches.values()].flatMap(({ deadlines }) => [...deadlines.values()]))
  }

  #all (subTopology: SubTopology): readonly Timer[] {
    const known = this.#ofSubTopology.get(subTopology)
    if (known !== undefined) return known
    const nodes = new Set(subTopology.nodes)
    // What stands before another comes first: what it hands on then finds the other as it was.
    const found = this.#registered.filter(({ node }) => nodes.has(node)).sort((a, b) => a.node.index - b.node.index)
    this.#ofSubTopology.set(subTopology, found)
    return found
  }

  #begin (task: Task, now: number): Watch {
    const deadlines = new Map<Timer, number>()
    for (const timer of this.of(task.subTopology, 'wall-clock')) deadlines.set(timer, firstDeadline(timer, task, now))
    for (const timer of this.of(task.subTopology, 'idle')) deadlines.set(timer, now + timer.afterMs)
    return { deadlines, taken: task.taken }
  }

  /** Moves on what depends on records, and what a commit has cancelled. */
  #lookAt (task: Task, watch: Watch, now: number): void {
    for (const timer of this.of(task.subTopology, 'wall-clock')) if (task.position.times[timer.name] === NEVER) watch.deadlines.set(timer, Infinity)
    if (watch.taken === task.taken && task.isCaughtUp) return
    watch.taken = task.taken
    for (const timer of this.of(task.subTopology, 'idle')) watch.deadlines.set(timer, now + timer.afterMs)
  }
}

/** Where a restart or another interval lies in between, what was kept counts, but nobody waits longer than the interval. */
function firstDeadline ({ name, everyMs }: Punctuation, { position }: Task, now: number): number {
  const kept = position.times[name]
  if (kept === NEVER) return Infinity
  return kept === undefined ? now + everyMs : Math.min(kept, now + everyMs)
}
