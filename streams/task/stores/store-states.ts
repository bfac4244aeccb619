import type { Store, WriterOf } from '../../stores/store.ts'
import type { Change, Conflict, Loaded, RowsWrite, StoreWrite, Wanted } from '../../state/state.ts'
import { Journal } from './journal.ts'
import { openCounterState } from './counter-state.ts'
import { openKeyedState } from './keyed-state.ts'
import { openListState } from './list-state.ts'
import { openOrderedState } from './ordered-state.ts'
import { openRowsState } from './rows-state.ts'
import type { ReadMode, Reads, RecordScope, StoreState } from './store-state.ts'

/** All stores of a process, as one: a record, a unit or an assignment concerns them alike. */
export class StoreStates {
  readonly mode: ReadMode = { speculating: false, missed: false, walking: 0, record: 0, unproven: 0 }
  /** By store, since the start. */
  readonly reads = new Map<string, Reads>()
  /** What else a record changes can be noted there, to be undone with it. */
  readonly journal = new Journal()
  readonly #at = { partition: 0 }
  readonly #states = new Map<string, StoreState & { readonly writer: WriterOf<Store> }>()
  readonly #all: readonly StoreState[]

  constructor (stores: readonly Store[]) {
    for (const store of stores) {
      const reads = { lookups: 0, loadedKeys: 0 }
      this.reads.set(store.name, reads)
      this.#states.set(store.name, openStoreState(store, { journal: this.journal, mode: this.mode, reads, at: this.#at }))
    }
    this.#all = [...this.#states.values()]
  }

  writer<S extends Store> (store: S): WriterOf<S> {
    const state = this.#states.get(store.name)
    if (state === undefined) throw new TypeError(`Store '${store.name}' is not connected to this topology.`)
    // Opened by `openStoreState` from this very declaration, whose type says which writer that is.
    return state.writer as WriterOf<S>
  }

  beginRecord (partition: number): void {
    this.journal.forget()
    this.followRecord(partition)
  }

  /** On top of the one before: both are undone together. */
  followRecord (partition: number): void {
    this.#at.partition = partition
    this.mode.missed = false
    this.mode.unproven = 0
    this.mode.record++
  }

  /** As it was when the journal was so long. */
  undoRecord (to = 0): void {
    this.journal.undo(to)
  }

  /** The record has been run; what it was told is absent and did not insert is missing. */
  endRecord (): void {
    if (this.mode.unproven === 0) return
    for (const { doubt } of this.#all) doubt?.()
    this.mode.unproven = 0
    this.mode.missed = true
  }

  takeMissing (): Wanted[] {
    return this.#all.flatMap(state => state.takeMissing() ?? [])
  }

  /** The first record of the walk that was told of an absence where something is; Infinity: there is no such record. To be asked before `accept`. */
  firstMisled (loaded: readonly Loaded[], wanted: readonly Wanted[]): number {
    return Math.min(...loaded.map((each, index) => {
      const asked = wanted[index]
      return asked === undefined ? Infinity : this.#states.get(each.store.name)?.firstMisled(each, asked) ?? Infinity
    }))
  }

  accept (loaded: readonly Loaded[], wanted: readonly Wanted[]): void {
    for (const [index, each] of loaded.entries()) {
      const asked = wanted[index]
      if (asked === undefined) continue
      const reads = this.reads.get(each.store.name)
      if (reads !== undefined) reads.loadedKeys += asked.keys.length + ('ranges' in asked ? asked.ranges.length : 0)
      this.#states.get(each.store.name)?.accept(each, asked)
    }
  }

  deciding (): RowsWrite[] {
    return this.#all.flatMap(state => state.deciding() ?? [])
  }

  writes (): StoreWrite[] {
    return this.#all.flatMap(state => state.write() ?? [])
  }

  seal (): void {
    this.journal.forget()
    for (const state of this.#all) state.seal()
  }

  committed (changes: readonly Change[]): void {
    for (const state of this.#all) state.committed(changes.find(({ store }) => store === state.store))
  }

  undo (): void {
    this.journal.forget()
    for (const state of this.#all) state.undo()
  }

  evict (conflicts: readonly Conflict[]): void {
    for (const { store, keys } of conflicts) this.#states.get(store.name)?.evict(keys)
  }

  clear (): void {
    for (const state of this.#all) state.clear()
  }
}

function openStoreState (store: Store, scope: RecordScope): StoreState & { readonly writer: WriterOf<Store> } {
  switch (store.kind) {
    case 'counter': return openCounterState(store, scope)
    case 'keyed': return openKeyedState(store, scope)
    case 'list': return openListState(store, scope)
    case 'ordered': return openOrderedState(store, scope)
    case 'rows': return openRowsState(store, scope)
  }
}
