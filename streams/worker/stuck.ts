import type { Pauses } from '../pauses.ts'
import type { Trouble } from '../task/patience.ts'
import type { Task } from '../task/task.ts'

export interface StuckOptions {
  readonly tasks: () => readonly Task[]
  /** What keeps records of a task from being committed, where the engine knows. */
  readonly trouble: (task: Task) => Trouble | undefined
  /** It stands still on purpose: for a breaker, or until something is due. */
  readonly waits: (task: Task) => boolean
  readonly pauses: Pauses
  readonly stuckAfterMs: number
}

const LOOK_EVERY_MS = 1_000

/** Where a task stood, and for how long. */
interface Standing {
  readonly position: string
  ms: number
}

/**
 * Notices tasks that have records and do not advance, and says of each partition where it stands and why. A task advances as
 * a whole: while one of its topics is worked off, another may rightly stand still.
 */
export function watchForStuck (options: StuckOptions): { readonly stop: () => void } {
  const look = createStuckLook(options)
  const timer = setInterval(() => look(LOOK_EVERY_MS), Math.min(LOOK_EVERY_MS, options.stuckAfterMs)).unref()
  return { stop: () => clearInterval(timer) }
}

/** One look; told how long the process ran since the last. What the clock says would count a suspended machine's sleep too. */
export function createStuckLook ({ tasks, trouble, waits, pauses, stuckAfterMs }: StuckOptions): (sinceLastMs: number) => void {
  let standing = new Map<Task, Standing>()
  /** Partitions that were said to be stuck. */
  let told: ReadonlySet<string> = new Set()

  const standingOf = (task: Task, sinceLastMs: number): Standing => {
    const position = JSON.stringify([task.position.offsets, task.position.finished])
    const before = standing.get(task)
    return { position, ms: before?.position === position && waitingTopics(task).length > 0 && !waits(task) ? before.ms + sinceLastMs : 0 }
  }

  const sentenceOf = (task: Task, topic: string, ms: number): string => {
    const lag = task.lagOf(topic)
    const records = lag === undefined ? 'nobody knows how many records wait' : `${lag} ${lag === 1 ? 'record waits' : 'records wait'}`
    const { node, attempts, error } = causeOf(task)
    return `Partition ${task.partition} of ${topic} has not advanced for ${Math.round(ms / 1_000)} s, and ${records}. It stands at ${topic}-${task.partition}@${task.position.offsets[topic] ?? 0}` +
      `, ${node === undefined ? 'whose unit is not committed' : `in node '${node}'`}; attempt ${attempts}, last error: ${error}.`
  }

  const causeOf = (task: Task): Trouble => {
    const known = trouble(task)
    if (known !== undefined) return known
    const other = pauses.list().find(({ kind }) => kind !== 'stuck')
    return { node: undefined, attempts: other?.attempts ?? 0, error: other?.reason ?? 'none is known' }
  }

  return sinceLastMs => {
    standing = new Map(tasks().map(task => [task, standingOf(task, sinceLastMs)]))
    const stuck = new Set<string>()
    for (const [task, { ms }] of standing) {
      if (ms < stuckAfterMs) continue
      for (const topic of waitingTopics(task)) {
        const partition = `${topic}-${task.partition}`
        stuck.add(partition)
        pauses.waits('stuck', sentenceOf(task, topic, ms), partition)
      }
    }
    for (const partition of told) if (!stuck.has(partition)) pauses.over('stuck', partition)
    told = stuck
  }
}

/** A topic whose end no broker has told may have records too. */
function waitingTopics (task: Task): string[] {
  return task.queues.map(({ topic }) => topic).filter(topic => task.lagOf(topic) !== 0)
}
