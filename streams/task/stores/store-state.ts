import type { Store } from '../../stores/store.ts'
import type { Journal } from './journal.ts'
import type { Change, Loaded, RowsWrite, StoreWrite, Wanted } from '../../state/state.ts'

/**
 * A store as the tasks of this process see it: synchronous, in layers.
 *
 * current: what the unit being prepared wrote · sealed: what the unit being committed wrote · cache: what was committed or read.
 * A read goes through them in this order; what is in none of them is missing, and the record waits for it.
 */
export interface StoreState {
  readonly store: Store
  /** Takes the keys that were asked for and are not known. */
  readonly takeMissing: () => Wanted | undefined
  /** The first record of the walk that was told of an absence where something is; Infinity: there is no such record. To be asked before `accept`. */
  readonly firstMisled: (loaded: Loaded, wanted: Wanted) => number
  readonly accept: (loaded: Loaded, wanted: Wanted) => void
  /** What the record was told is absent and did not insert is asked for: nothing would ever prove it. */
  readonly doubt?: () => void
  /** Of the unit being prepared: the rows that decide whether something is new. */
  readonly deciding: () => RowsWrite | undefined
  /** What the sealed unit writes. */
  readonly write: () => StoreWrite | undefined
  /** The unit is prepared: what it wrote becomes the sealed layer. */
  readonly seal: () => void
  readonly committed: (change: Change | undefined) => void
  /** Forgets what the sealed unit and the one behind it wrote; what was read stays. */
  readonly undo: () => void
  readonly evict: (keys: readonly string[]) => void
  /** Forgets everything: other tasks than before are ours. */
  readonly clear: () => void
}

/** How a store was read: what was not loaded from the database was found in memory. */
export interface Reads {
  lookups: number
  loadedKeys: number
}

/** Shared by the stores of a process, but for `reads`. */
export interface RecordScope {
  readonly reads: Reads
  /** Every change goes through it, so that a record can be undone alone. */
  readonly journal: Journal
  readonly mode: ReadMode
  /** The current record's task. */
  readonly at: { readonly partition: number }
}

/** How a read that cannot be answered ends. */
export interface ReadMode {
  /** While true, an unanswered read is noted and answered with absence: a guess, until the answer is there. */
  speculating: boolean
  /** Something was asked for that is not known. */
  missed: boolean
  /** Which record of the walk it is, while speculating. */
  walking: number
  /** Counts the records, so that what belongs to one of them can be told from what is left of another. */
  record: number
  /** How many absences the record was told of that only an insert can prove. */
  unproven: number
}

/** Ends the processing of a record whose state is not at hand; the record is run again when it is. */
export class Suspended extends Error {
  override readonly name = 'Suspended'
}

const suspended = new Suspended('State is being read; the record will be run again. A processor that catches errors must let this one pass.')

/** Notes a miss: throws unless the record is only being walked. */
export function miss (mode: ReadMode): void {
  mode.missed = true
  if (!mode.speculating) throw suspended
}

/** How many keys each store keeps in memory between units; the keys of the units in flight come on top. */
export const CACHED_KEYS = 50_000

/** Keys that were asked for and are not known. */
export class MissingKeys {
  readonly #mode: ReadMode
  /** With the record of the walk that asked first. */
  #asked = new Map<string, number>()
  #taken = new Map<string, number>()

  constructor (mode: ReadMode) {
    this.#mode = mode
  }

  /** Throws unless the record is walked on with absence as the answer. */
  add (key: string): void {
    this.note(key)
    miss(this.#mode)
  }

  note (key: string): void {
    if (!this.#asked.has(key)) this.#asked.set(key, this.#mode.walking)
  }

  /** undefined: there is none. */
  take (): readonly string[] | undefined {
    if (this.#asked.size === 0) return undefined
    this.#taken = this.#asked
    this.#asked = new Map()
    return [...this.#taken.keys()]
  }

  /** The record of the walk that asked first for one of these keys, of those that were taken. */
  firstAsker (keys: Iterable<string>): number {
    let first = Infinity
    for (const key of keys) first = Math.min(first, this.#taken.get(key) ?? Infinity)
    return first
  }

  clear (): void {
    this.#asked.clear()
  }
}
