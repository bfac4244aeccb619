import type { LogRecord } from '../log/log.ts'
import type { RecordItem } from './item.ts'
import type { Task } from './task.ts'

/** Whose records the next unit takes. */
export interface Schedule {
  readonly take: (tasks: readonly Task[], count: number) => RecordItem[]
  /** Something came to be at hand of this task. */
  readonly arrived: (task: Task) => void
}

/** Each task has its share; what some have no records for goes to those that have more. */
export function fairShares (): Schedule {
  let turn = 0
  return {
    take (tasks, count) {
      const items: RecordItem[] = []
      const first = tasks.length === 0 ? 0 : turn % tasks.length
      for (let ready = [...tasks.slice(first), ...tasks.slice(0, first)]; ready.length > 0 && items.length < count;) {
        const share = Math.ceil((count - items.length) / ready.length)
        ready = ready.filter(task => takeFrom(task, Math.min(share, count - items.length), items))
      }
      // The first task has its turn last next time.
      if (items.length > 0) turn++
      return items
    },
    arrived () {}
  }
}

/** False when the task had fewer. */
function takeFrom (task: Task, count: number, into: RecordItem[]): boolean {
  for (let taken = 0; taken < count; taken++) {
    const item = task.take()
    if (item === undefined) return false
    into.push(item)
  }
  return true
}

/** The lowest timestamp over all tasks, as if they were one; between equal ones the record that has been the next of its task for longest. */
export function lowestTimestampFirst (): Schedule {
  const heads = new WeakMap<Task, { readonly record: LogRecord, readonly since: number }>()
  let seen = 0
  const look = (task: Task): { readonly record: LogRecord, readonly since: number } | undefined => {
    const record = task.head()
    if (record === undefined) return undefined
    const known = heads.get(task)
    if (known?.record === record) return known
    const head = { record, since: seen++ }
    heads.set(task, head)
    return head
  }
  const takeOne = (tasks: readonly Task[]): RecordItem | undefined => {
    let chosen: Task | undefined
    let lowest = { timestamp: Infinity, since: Infinity }
    for (const task of tasks) {
      const head = look(task)
      if (head === undefined) continue
      const { since, record: { timestamp } } = head
      if (timestamp > lowest.timestamp || (timestamp === lowest.timestamp && since > lowest.since)) continue
      chosen = task
      lowest = { timestamp, since }
    }
    return chosen?.take()
  }
  return {
    take (tasks, count) {
      const items: RecordItem[] = []
      while (items.length < count) {
        const item = takeOne(tasks)
        if (item === undefined) break
        items.push(item)
      }
      return items
    },
    arrived: look
  }
}
