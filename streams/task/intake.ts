import type { FetchedBatch, ReadPosition, TopicPartition } from '../log/log.ts'
import type { Item } from './item.ts'
import type { Schedule } from './schedule.ts'
import type { PassedOver, Task } from './task.ts'

/** The tasks that are ours, what is at hand of their records, and what was taken before and has to be run again. */
export class Intake {
  readonly #schedule: Schedule
  #tasks: readonly Task[] = []
  readonly #byPartition = new Map<string, Task>()
  /** In order, one list per unit. */
  #backlog: Item[][] = []

  constructor (schedule: Schedule) {
    this.#schedule = schedule
  }

  get tasks (): readonly Task[] {
    return this.#tasks
  }

  get hasBacklog (): boolean {
    return this.#backlog.length > 0
  }

  /** Whether calls were answered for records that are to be run again. */
  get hasAnswered (): boolean {
    return this.#backlog.some(items => items.some(({ task }) => task.calls !== undefined))
  }

  /** These tasks are ours from now on. What was to be run again of others is left to them. */
  hold (tasks: readonly Task[]): void {
    const kept = new Set(tasks)
    this.#tasks = [...tasks]
    this.#byPartition.clear()
    for (const task of tasks) for (const { topic, partition } of task.queues) this.#byPartition.set(`${topic}/${partition}`, task)
    this.#backlog = this.#backlog.map(items => items.filter(({ task }) => kept.has(task))).filter(items => items.length > 0)
  }

  wanted (): ReadPosition[] {
    return this.#tasks.flatMap(task => task.wanted())
  }

  /** False where nobody of ours has asked for it. */
  deliver (batch: FetchedBatch): boolean {
    const task = this.#byPartition.get(`${batch.topic}/${batch.partition}`)
    if (task?.offer(batch) !== true) return false
    this.#schedule.arrived(task)
    return true
  }

  skip ({ topic, partition, from, to }: TopicPartition & { readonly from: number, readonly to: number }): boolean {
    return this.#byPartition.get(`${topic}/${partition}`)?.skip(topic, from, to) === true
  }

  /** The records of the next unit: first those that were taken before. */
  take (count: number): Item[] {
    return this.#backlog.shift() ?? this.#schedule.take(this.#tasks, count)
  }

  /** To be run again before anything else, one list per unit; of tasks that are not ours any more nothing is. */
  giveBack (lists: readonly (readonly Item[])[]): void {
    this.#backlog.unshift(...lists.map(items => this.ours(items)).filter(items => items.length > 0))
  }

  ours (items: readonly Item[]): Item[] {
    return items.filter(({ task }) => this.#tasks.includes(task))
  }

  hasAll (items: readonly Item[]): boolean {
    return items.every(({ task }) => this.#tasks.includes(task))
  }

  /** How many records are at hand. */
  get length (): number {
    return this.#tasks.reduce((sum, { ready }) => sum + ready, 0)
  }

  /**
   * Without it a partition that ends in an aborted transaction would look as if something were left for ever, and its position
   * could fall behind what retention leaves. While records are to be run again, nothing says what lies behind them.
   */
  passedOver (): PassedOver[] {
    return this.hasBacklog ? [] : this.#tasks.flatMap(task => task.passedOver())
  }
}
