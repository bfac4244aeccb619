import { compareBytes } from './byte-order.ts'
import type { Ranked } from './state-reader.ts'

/** How many of a ranking without a bound are kept in order at first; more when more are asked for. */
const FIRST_ROOM = 1_024

/**
 * Counts that only grow, the best of them kept in order: (count descending, member ascending in bytes).
 *
 * A change costs a binary search and the shift of at most as many places as are kept in order, a read copies what it was asked
 * for, however many members there are; only the first read beyond what was asked for before sorts them all.
 */
export class Ranking {
  readonly #counts = new Map<string, number>()
  #best: Ranked[] = []
  #room: number
  /** With a bound the rest is forgotten: what only grows comes back with its whole count when it grows past the worst of the best. */
  readonly #bounded: boolean

  constructor (keep: number | undefined) {
    this.#bounded = keep !== undefined
    this.#room = keep ?? FIRST_ROOM
  }

  /** A count that is not larger than the one known is an old one, and changes nothing. */
  put (member: string, count: number): void {
    const before = this.#counts.get(member)
    if (before !== undefined && before >= count) return
    this.#counts.set(member, count)
    if (before !== undefined) this.#remove({ member, count: before })
    this.#insert({ member, count })
  }

  best (limit: number): Ranked[] {
    if (limit > this.#room && !this.#bounded && this.#counts.size > this.#room) this.#makeRoom(limit)
    return this.#best.slice(0, Math.max(0, limit))
  }

  countOf (member: string): number {
    return this.#counts.get(member) ?? 0
  }

  #remove (ranked: Ranked): void {
    const place = this.#placeOf(ranked)
    if (this.#best[place]?.member === ranked.member) this.#best.splice(place, 1)
  }

  #insert (ranked: Ranked): void {
    const place = this.#placeOf(ranked)
    if (place >= this.#room) return this.#forget(ranked)
    this.#best.splice(place, 0, ranked)
    if (this.#best.length > this.#room) this.#forget(this.#best.pop())
  }

  #forget (ranked: Ranked | undefined): void {
    if (this.#bounded && ranked !== undefined) this.#counts.delete(ranked.member)
  }

  #makeRoom (limit: number): void {
    this.#room = Math.max(limit, this.#room * 2)
    this.#best = Array.from(this.#counts, ([member, count]) => ({ member, count })).sort(compareRanked).slice(0, this.#room)
  }

  /** Where it stands, or would stand. */
  #placeOf (ranked: Ranked): number {
    let low = 0
    let high = this.#best.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#best[middle]
      if (other !== undefined && compareRanked(other, ranked) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function compareRanked (a: Ranked, b: Ranked): number {
  return b.count - a.count || compareBytes(a.member, b.member)
}
