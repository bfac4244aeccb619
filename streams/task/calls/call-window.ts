import type { CallOrder } from '../../graph/async-processor.ts'
import type { RecordItem } from '../item.ts'
import type { ParkedRow } from '../../state/state.ts'
import type { Task } from '../task.ts'
import { Parking, type ParkedUntil, type ParkingOptions } from './parking.ts'

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
  readonly parking: Omit<ParkingOptions, 'due'>
  /** Takes what is due, reads it, and says `release`, or `missing` where it is not there. */
  readonly load: (window: CallWindow) => void
}

/** Where a parked record stands. */
export interface Due {
  readonly lane: string
  readonly seq: number
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
  /** Records that wait for another attempt, and those behind them. */
  readonly parking: Parking
  /** Parked records that have their turn, and are not read. */
  readonly #due: Due[] = []
  /** How many parked records are being read or at work. */
  #released = 0
  #isClosed = false

  constructor (options: CallWindowOptions) {
    this.#options = options
    this.task = options.task
    this.parking = new Parking({ ...options.parking, due: (lane, seq) => this.#isDue({ lane, seq }) }, options.task.parked)
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
    while (!this.#isClosed && !this.parking.isFull && this.#size < this.#options.size && this.#ready.length < MAX_READY) {
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
    if (item.released !== undefined) {
      this.#released--
      if (item.parking === undefined) this.parking.passed(lane)
      return this.#askForDue()
    }
    if (item.parking !== undefined) return this.#parkLane(lane)
    const visits = this.#lanes.get(lane)
    visits?.shift()
    const [next] = visits ?? []
    if (next === undefined) this.#lanes.delete(lane)
    else this.#options.begin(next)
  }

  /** Puts the record aside, unless another of its calls has. */
  park ({ item, lane }: Visit, until: ParkedUntil): void {
    if (item.parking === undefined) this.parking.park(item, lane, until)
  }

  /** As many of the parked records that have their turn as there is room for. */
  takeDue (): readonly Due[] {
    const taken = this.#due.splice(0, this.#options.size - this.#released)
    this.#released += taken.length
    return taken
  }

  /** A parked record that was taken is not there any more. */
  missing ({ lane }: Due): void {
    if (this.#isClosed) return
    this.#released--
    this.parking.passed(lane)
    this.#askForDue()
  }

  /** A parked record has its turn. */
  release (row: ParkedRow): void {
    if (this.#isClosed) return
    this.#size++
    this.#options.begin({ item: this.task.released(row), window: this, lane: row.lane, open: 0 })
  }

  #isDue (due: Due): void {
    this.#due.push(due)
    this.#askForDue()
  }

  /** Many at a time: after an outage all that are parked are due at once, and they are read neither all together nor one by one. */
  #askForDue (): void {
    const { size, load } = this.#options
    if (this.#due.length > 0 && size - this.#released >= Math.min(this.#due.length, size / 2)) load(this)
  }

  /** What stands behind a record that is parked is parked behind it. */
  #parkLane (lane: string): void {
    const [, ...behind] = this.#lanes.get(lane) ?? []
    this.#lanes.delete(lane)
    for (const { item } of behind) this.#parkBehind(item, lane)
  }

  #parkBehind (item: RecordItem, lane: string): void {
    this.parking.parkBehind(item, lane)
    this.#ready.push(item)
    this.#size--
  }

  /** The task is somebody else's now. */
  close (): void {
    this.#isClosed = true
    this.parking.close()
    this.#due.length = 0
    this.#lanes.clear()
    this.#ready = []
    this.#size = 0
  }

  #enter (item: RecordItem): void {
    const lane = this.#laneOf(item)
    const visit = { item, window: this, lane, open: 0 }
    this.#size++
    if (this.parking.holds(lane)) return this.#parkBehind(item, lane)
    const visits = this.#lanes.get(lane)
    if (visits !== undefined) {
      // What comes back from a delay topic is due, and has lost its place in its key's order anyway: only what is at work goes before it.
      const behind = item.tried === undefined ? -1 : visits.findIndex((each, place) => place > 0 && each.item.tried === undefined)
      if (behind === -1) visits.push(visit)
      else visits.splice(behind, 0, visit)
      return
    }
    this.#lanes.set(lane, [visit])
    this.#options.begin(visit)
  }

  /** Who waits for nobody has a lane of his own. */
  #laneOf ({ record: { key, topic, offset } }: RecordItem): string {
    const { order } = this.#options
    if (order === 'partition') return ''
    return order === 'key' && key !== null ? `k${key.toString('latin1')}` : `n${topic}@${offset}`
  }
}
