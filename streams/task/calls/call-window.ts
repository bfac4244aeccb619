import type { CallOrder } from '../../graph/async-processor.ts'
import type { RecordItem } from '../item.ts'
import type { Task } from '../task.ts'

/** A record whose calls are being made. */
export interface Visit {
  readonly item: RecordItem
  readonly window: CallWindow
  readonly lane: string
  /** The calls that are not answered. */
  open: number
}

export interface CallWindowOptions {
  readonly task: Task
  readonly order: CallOrder
  /** How many records may be at work or wait for their turn. */
  readonly size: number
  /** It is this record's turn: makes its calls, and says `answered` when they are. */
  readonly begin: (visit: Visit) => void
}

/** Beyond, no more are begun: the next units have enough. */
const MAX_READY = 4_000

/**
 * The records of a task that wait for something outside. Those that have to wait for each other stand in one lane, and only the first
 * of a lane is at work; what is answered is ready to be run, in that order.
 */
export class CallWindow {
  readonly task: Task
  readonly #options: CallWindowOptions
  readonly #lanes = new Map<string, Visit[]>()
  #ready: RecordItem[] = []
  #size = 0
  #unordered = 0
  #isClosed = false

  constructor (options: CallWindowOptions) {
    this.#options = options
    this.task = options.task
  }

  /** How many records can be taken. */
  get ready (): number {
    return this.#ready.length
  }

  /** How many are at work or wait for their turn. */
  get size (): number {
    return this.#size
  }

  get isClosed (): boolean {
    return this.#isClosed
  }

  head (): RecordItem | undefined {
    return this.#ready[0]
  }

  take (): RecordItem | undefined {
    return this.#ready.shift()
  }

  /** Lets in as many records as there is room for. False: there were none. */
  fill (): boolean {
    let hasAny = false
    while (!this.#isClosed && this.#size < this.#options.size && this.#ready.length < MAX_READY) {
      const item = this.task.takeNext()
      if (item === undefined) break
      hasAny = true
      this.#enter(item)
    }
    return hasAny
  }

  /** Nothing is waited for any more for this record: it is ready, and the next of its lane has its turn. */
  answered ({ item, lane }: Visit): void {
    if (this.#isClosed) return
    this.#ready.push(item)
    this.#size--
    const visits = this.#lanes.get(lane)
    visits?.shift()
    const [next] = visits ?? []
    if (next === undefined) this.#lanes.delete(lane)
    else this.#options.begin(next)
  }

  /** The task is somebody else's now. */
  close (): void {
    this.#isClosed = true
    this.#lanes.clear()
    this.#ready = []
    this.#size = 0
  }

  #enter (item: RecordItem): void {
    const lane = this.#laneOf(item)
    const visit = { item, window: this, lane, open: 0 }
    this.#size++
    const visits = this.#lanes.get(lane)
    if (visits !== undefined) {
      visits.push(visit)
      return
    }
    this.#lanes.set(lane, [visit])
    this.#options.begin(visit)
  }

  /** Who waits for nobody has a lane of his own. */
  #laneOf ({ record: { key } }: RecordItem): string {
    const { order } = this.#options
    if (order === 'partition') return ''
    return order === 'key' && key !== null ? `k${key.toString('latin1')}` : String(this.#unordered++)
  }
}
