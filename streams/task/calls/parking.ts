import type { Clock } from '../../clock.ts'
import type { ParkedPlace } from '../../state/state.ts'
import { originOf } from '../origin.ts'
import type { RecordItem } from '../item.ts'

/** Parked records of one lane that are not at work, in order. */
interface ParkedLane {
  readonly places: { readonly seq: number, isStored: boolean }[]
  /** When the first of them is due; those behind it are due when it is done. */
  dueAtMs: number
  /** The first one is at work. */
  isReleased: boolean
}

export interface ParkingOptions {
  readonly applicationId: string
  readonly clock: Clock
  /** Whether more is let in depends on it; beyond, the partition is not read on. */
  readonly capacity: number
  /** The first of this lane is due and stored. */
  readonly due: (lane: string, seq: number) => void
}

/** Why and until when a record waits. */
export interface ParkedUntil {
  readonly attempts: number
  readonly firstFailedAtMs: number
  readonly dueAtMs: number
}

/**
 * Records of a task that wait for another attempt, and behind each the later ones of its key: rows in the state, written with the unit
 * that moves past them. Here is only which there are; what is in them is read when they are due.
 */
export class Parking {
  readonly #options: ParkingOptions
  readonly #lanes = new Map<string, ParkedLane>()
  #size = 0
  #lastSeq = 0
  #isClosed = false

  constructor (options: ParkingOptions, rows: readonly ParkedPlace[]) {
    this.#options = options
    for (const { lane, seq, dueAtMs } of rows) {
      this.#lastSeq = Math.max(this.#lastSeq, seq)
      const known = this.#lanes.get(lane)
      if (known === undefined) this.#lanes.set(lane, { places: [{ seq, isStored: true }], dueAtMs, isReleased: false })
      else known.places.push({ seq, isStored: true })
      this.#size++
    }
    for (const lane of this.#lanes.keys()) this.#watch(lane)
  }

  get size (): number {
    return this.#size
  }

  get isFull (): boolean {
    return this.#size >= this.#options.capacity
  }

  /** Whether a record of this lane has to wait behind others. */
  holds (lane: string): boolean {
    return this.#lanes.has(lane)
  }

  /** A record whose attempt failed: it becomes the first of its lane, or stays it. */
  park (item: RecordItem, lane: string, until: ParkedUntil): void {
    const seq = item.released?.seq ?? ++this.#lastSeq
    this.#write(item, lane, seq, until)
    const known = this.#lanes.get(lane)
    if (known === undefined) this.#lanes.set(lane, { places: [{ seq, isStored: false }], dueAtMs: until.dueAtMs, isReleased: false })
    else Object.assign(known, { dueAtMs: until.dueAtMs, isReleased: false, places: known.places.map((place, index) => index === 0 ? { seq, isStored: false } : place) })
    if (item.released === undefined) this.#size++
  }

  /** A later record of a lane that is held. */
  parkBehind (item: RecordItem, lane: string): void {
    const seq = ++this.#lastSeq
    this.#write(item, lane, seq, { attempts: item.tried?.attempts ?? 0, firstFailedAtMs: item.tried?.firstFailedAtMs ?? 0, dueAtMs: 0 })
    this.#lanes.get(lane)?.places.push({ seq, isStored: false })
    this.#size++
  }

  /** The unit with this record is committed. */
  stored ({ parking }: RecordItem): void {
    if (parking === undefined) return
    // From the end: a lane may be long, and what a unit has parked stands there.
    const place = this.#lanes.get(parking.lane)?.places.findLast(({ seq }) => seq === parking.seq)
    if (place === undefined) return
    place.isStored = true
    this.#watch(parking.lane)
  }

  /** The first of a lane is done with, or was not there: the next has its turn at once. */
  passed (lane: string): void {
    const known = this.#lanes.get(lane)
    if (known === undefined) return
    known.places.shift()
    this.#size--
    known.isReleased = false
    known.dueAtMs = 0
    if (known.places.length === 0) this.#lanes.delete(lane)
    else this.#watch(lane)
  }

  close (): void {
    this.#isClosed = true
    this.#lanes.clear()
  }

  /** Looks again when the first of the lane is due. */
  #watch (lane: string): void {
    const known = this.#lanes.get(lane)
    const first = known?.places[0]
    if (known === undefined || first === undefined || !first.isStored || known.isReleased || this.#isClosed) return
    const { clock, due } = this.#options
    const waitMs = known.dueAtMs - clock.now()
    if (waitMs > 0) {
      clock.timer(waitMs, () => this.#watch(lane))
      return
    }
    known.isReleased = true
    due(lane, first.seq)
  }

  #write (item: RecordItem, lane: string, seq: number, until: ParkedUntil): void {
    const { task: { subTopology, partition }, record } = item
    item.parking = { subTopology: subTopology.name, partition, lane, seq, ...until, origin: originOf(this.#options.applicationId, item), record }
  }
}
