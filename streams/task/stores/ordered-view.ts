import { behind, SortedMap } from '../../sorted-map.ts'
import type { OrderedEntry } from '../../stores/ordered.ts'
import { JournaledNumber, type Journal, type Restorable } from './journal.ts'
import { KnownRanges } from './known-ranges.ts'

export interface Held<V> extends OrderedEntry<V> {
  readonly time: number
}

/** Nobody has looked; undefined means that it is known not to be there. */
export const UNKNOWN = null

export type Content<V> = Held<V> | undefined | typeof UNKNOWN

/** Counts reads, over all views of a store, so that what was not used for long can be told. */
export interface UseClock {
  now: number
}

/** A key, and what each layer has under it. */
class Slot<V> implements Restorable<Content<V>> {
  readonly key: string
  readonly #view: OrderedView<V>
  /** The newest, as a read finds it. */
  entry: Content<V>
  /** What the unit in preparation stands on: as the sealed unit left it. */
  base: Content<V>
  /** As committed or read. */
  committed: Content<V>
  /** The unit in preparation has, or had, changed it. */
  isCurrent = false
  isSealed = false
  used = 0

  constructor (view: OrderedView<V>, key: string, content: Content<V>) {
    this.#view = view
    this.key = key
    this.entry = this.base = this.committed = content
  }

  restore (previous: Content<V>): void {
    this.#view.change(this, previous)
  }
}

const FIRST_PAGE = 16
const LONGEST_PAGE = 256

/**
 * One partition's part of an ordered store in memory. Each key is held once, with its newest value and what to go back to,
 * so that a read is one look-up; beside the keys it is known of which ranges nothing is missing.
 */
export class OrderedView<V> {
  readonly partition: number
  readonly #journal: Journal
  readonly #clock: UseClock
  readonly #slots = new Map<string, Slot<V>>()
  /** Those whose newest content is an entry; from the first range on that is read: many stores are asked for single keys alone. */
  #live: SortedMap<Slot<V>> | undefined
  readonly #known = new KnownRanges()
  #current: Slot<V>[] = []
  #sealed: Slot<V>[] = []
  readonly #expiry = new JournaledNumber(-Infinity)
  #sealedExpiry = -Infinity
  #committedExpiry = -Infinity
  #addedSinceSweep = 0

  constructor (partition: number, journal: Journal, clock: UseClock) {
    this.partition = partition
    this.#journal = journal
    this.#clock = clock
  }

  /** How much there is to be bounded. */
  get size (): number {
    return this.#slots.size + this.#known.size
  }

  get (key: string): Content<V> {
    const slot = this.#slots.get(key)
    if (slot !== undefined && slot.entry !== UNKNOWN) {
      slot.used = ++this.#clock.now
      return slot.entry
    }
    return this.#isKnown(key) ? undefined : UNKNOWN
  }

  put (key: string, entry: Held<V> | undefined): void {
    const slot = this.#slots.get(key) ?? this.#add(key, this.#isKnown(key) ? undefined : UNKNOWN)
    this.#journal.note(slot, slot.entry)
    slot.used = ++this.#clock.now
    if (!slot.isCurrent) {
      slot.isCurrent = true
      this.#current.push(slot)
    }
    this.change(slot, entry)
  }

  expire (before: number): void {
    if (before > this.#expiry.value) this.#expiry.set(before, this.#journal)
  }

  /** Whether what the unit in preparation finds there is newer than all that can be read. */
  knows (key: string): boolean {
    const slot = this.#slots.get(key)
    return slot !== undefined && slot.base !== UNKNOWN
  }

  /** The entries of a range as far as they are known; then `missing` is told from where on they are not. Where it does not throw, those at hand follow. */
  range (from: string, to: string | undefined, reverse: boolean, missing: (from: string, to: string | undefined) => void): Iterable<Held<V>> {
    if (to !== undefined && from >= to) return []
    const known = reverse ? this.#known.below(to) : this.#known.at(from)
    if (known === undefined) return this.#andRest([], from, to, reverse, missing)
    known.used = ++this.#clock.now
    const low = reverse && known.from > from ? known.from : from
    const high = !reverse && known.to !== undefined && (to === undefined || known.to < to) ? known.to : to
    const found = this.#atHand(low, high, reverse)
    const [restFrom, restTo] = reverse ? [from, low] as const : [high, to] as const
    return restFrom === undefined || restFrom === restTo ? found : this.#andRest(found, restFrom, restTo, reverse, missing)
  }

  /** Known ranges do not touch, so nothing of the rest is known at its beginning. */
  * #andRest (found: Iterable<Held<V>>, from: string, to: string | undefined, reverse: boolean, missing: (from: string, to: string | undefined) => void): Generator<Held<V>> {
    yield * found
    missing(from, to)
    yield * this.#atHand(from, to, reverse)
  }

  * #atHand (from: string, to: string | undefined, reverse: boolean): Generator<Held<V>> {
    let [low, high] = [from, to]
    for (let limit = FIRST_PAGE; ; limit = Math.min(LONGEST_PAGE, limit * 2)) {
      const page = this.#inOrder().page(low, high, { reverse, limit })
      for (const slot of page) {
        // Whoever reads may have deleted it meanwhile.
        if (!isEntry(slot.entry)) continue
        slot.used = ++this.#clock.now
        yield slot.entry
      }
      const last = page.at(-1)
      if (last === undefined || page.length < limit) break
      if (reverse) high = last.key
      else low = behind(last.key)
    }
  }

  /** Gives a slot its newest content. */
  change (slot: Slot<V>, entry: Content<V>): void {
    const [was, is] = [isEntry(slot.entry), isEntry(entry)]
    slot.entry = entry
    if (is && !was) this.#live?.set(slot.key, slot)
    else if (was && !is) this.#live?.delete(slot.key)
  }

  /** What was read, or that nothing is there. What is known better stays. */
  accept (key: string, entry: Held<V> | undefined): void {
    const slot = this.#slots.get(key) ?? this.#add(key, UNKNOWN)
    if (slot.committed !== UNKNOWN) return
    slot.committed = entry
    if (slot.base === UNKNOWN) slot.base = entry
    if (slot.entry === UNKNOWN) this.change(slot, entry)
    slot.used = ++this.#clock.now
  }

  acceptRange (from: string, to: string | undefined): void {
    this.#known.add(from, to, ++this.#clock.now)
  }

  seal (): void {
    this.#sealed = []
    for (const slot of this.#current) {
      slot.isCurrent = false
      if (slot.entry !== slot.base) {
        slot.base = slot.entry
        slot.isSealed = true
        this.#sealed.push(slot)
      } else if (slot.entry === UNKNOWN) this.#slots.delete(slot.key)
    }
    this.#current = []
    this.#sealedExpiry = this.#expiry.value
    this.#expiry.restore(-Infinity)
  }

  /** What the sealed unit leaves behind: an entry, or undefined where it deletes one that may be there. */
  * changes (): Generator<readonly [key: string, entry: Held<V> | undefined]> {
    for (const { key, base, committed } of this.#sealed) {
      if (isEntry(base)) yield [key, base]
      else if (committed !== undefined) yield [key, undefined]
    }
  }

  /** Entries of an earlier time go with the sealed unit. */
  get sealedExpiry (): number {
    return this.#sealedExpiry
  }

  committed (): void {
    for (const slot of this.#sealed) {
      slot.committed = slot.base
      slot.isSealed = false
      if (slot.entry === undefined && !slot.isCurrent && this.#known.at(slot.key) !== undefined) this.#slots.delete(slot.key)
    }
    this.#sealed = []
    if (this.#sealedExpiry > this.#committedExpiry) {
      this.#committedExpiry = this.#sealedExpiry
      // All are looked at, so only when many were added since: then an entry pays for a few looks.
      if (this.#addedSinceSweep > this.#slots.size / 4) this.#dropExpired()
    }
    this.#sealedExpiry = -Infinity
  }

  /** What was committed or read, and nothing else, is left. */
  undo (): void {
    for (const slot of [...this.#sealed, ...this.#current]) {
      slot.isCurrent = slot.isSealed = false
      slot.base = slot.committed
      this.change(slot, slot.committed)
      if (slot.committed === UNKNOWN) this.#slots.delete(slot.key)
    }
    this.#sealed = []
    this.#current = []
    this.#sealedExpiry = -Infinity
    this.#expiry.restore(-Infinity)
  }

  /** When each of the things that could be dropped was used last. */
  uses (): number[] {
    return [...[...this.#slots.values()].map(({ used }) => used), ...this.#known.values().map(({ used }) => used)]
  }

  /** Drops what was not used since, but for what units in flight have changed. */
  evict (before: number): void {
    const isKept = (slot: Slot<V>): boolean => slot.used >= before || slot.isCurrent || slot.isSealed
    for (const range of this.#known.values()) {
      this.#known.delete(range)
      if (range.used < before) continue
      // What is left of it reaches from one dropped entry to the next, where something is kept in between.
      let start = range.from
      let keeps = true
      for (const slot of this.#inOrder().page(range.from, range.to, { reverse: false, limit: Infinity })) {
        if (isKept(slot)) {
          keeps = true
          continue
        }
        if (keeps) this.#known.add(start, slot.key, range.used)
        start = behind(slot.key)
        keeps = false
      }
      if (keeps) this.#known.add(start, range.to, range.used)
    }
    for (const slot of this.#slots.values()) if (!isKept(slot)) this.#drop(slot)
  }

  #isKnown (key: string): boolean {
    const range = this.#known.at(key)
    if (range === undefined) return false
    range.used = ++this.#clock.now
    return true
  }

  #add (key: string, content: Content<V>): Slot<V> {
    const slot = new Slot(this, key, content)
    this.#slots.set(key, slot)
    this.#addedSinceSweep++
    return slot
  }

  #inOrder (): SortedMap<Slot<V>> {
    if (this.#live === undefined) {
      this.#live = new SortedMap()
      for (const slot of this.#slots.values()) if (isEntry(slot.entry)) this.#live.set(slot.key, slot)
    }
    return this.#live
  }

  #dropExpired (): void {
    this.#addedSinceSweep = 0
    for (const slot of this.#slots.values()) {
      if (isEntry(slot.entry) && slot.entry.time < this.#committedExpiry && !slot.isCurrent && !slot.isSealed) this.#drop(slot)
    }
  }

  #drop (slot: Slot<V>): void {
    this.#live?.delete(slot.key)
    this.#slots.delete(slot.key)
  }
}

function isEntry<V> (content: Content<V>): content is Held<V> {
  return content !== undefined && content !== UNKNOWN
}
