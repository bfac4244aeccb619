import { SortedMap } from '../../sorted-map.ts'

/** All keys with `from` ≤ key < `to` are known: what is not in memory is not there. `to` undefined: to the end. */
export interface KnownRange {
  readonly from: string
  readonly to: string | undefined
  /** When it last answered. */
  used: number
}

/** Ranges that neither overlap nor touch. */
export class KnownRanges {
  readonly #ranges = new SortedMap<KnownRange>()

  get size (): number {
    return this.#ranges.size
  }

  /** The one that holds this key. */
  at (key: string): KnownRange | undefined {
    const range = this.#ranges.atOrBefore(key)
    return range !== undefined && (range.to === undefined || key < range.to) ? range : undefined
  }

  /** The one that holds the keys right below this one, or, undefined, the last of all. */
  below (key: string | undefined): KnownRange | undefined {
    const range = this.#ranges.before(key)
    return range !== undefined && (range.to === undefined || (key !== undefined && key <= range.to)) ? range : undefined
  }

  add (from: string, to: string | undefined, used: number): void {
    if (to !== undefined && from >= to) return
    let [start, end] = [from, to]
    // From the last one that begins before the end of this one backwards: all that reach it become part of it.
    for (let other = this.#beginningUpTo(to); other !== undefined && (other.to === undefined || other.to >= from); other = this.#beginningUpTo(to)) {
      this.#ranges.delete(other.from)
      if (other.from < start) start = other.from
      if (end !== undefined && (other.to === undefined || other.to > end)) end = other.to
      used = Math.max(used, other.used)
    }
    this.#ranges.set(start, { from: start, to: end, used })
  }

  values (): KnownRange[] {
    return this.#ranges.values()
  }

  delete (range: KnownRange): void {
    this.#ranges.delete(range.from)
  }

  #beginningUpTo (to: string | undefined): KnownRange | undefined {
    return to === undefined ? this.#ranges.before(undefined) : this.#ranges.atOrBefore(to)
  }
}
