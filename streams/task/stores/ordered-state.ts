import { messageOf } from '../../errors.ts'
import { behind } from '../../sorted-map.ts'
import { StateError, type OrderedKey, type OrderedRange, type StoredEntry } from '../../state/state.ts'
import type { Ordered, OrderedWriter } from '../../stores/ordered.ts'
import { OrderedView, UNKNOWN, type Held } from './ordered-view.ts'
import { CACHED_KEYS, miss, type RecordScope, type StoreState } from './store-state.ts'

export interface OrderedBounds {
  /** Between units, keys and ranges together. */
  readonly cached: number
  /** Entries of a range that is read alone. Of many at once each gets less, so that an answer stays small. */
  readonly page: number
  readonly answer: number
}

const BOUNDS: OrderedBounds = { cached: CACHED_KEYS, page: 1_000, answer: 20_000 }

export function openOrderedState<V> (store: Ordered<V>, { journal, mode, reads, at }: RecordScope, bounds = BOUNDS): StoreState & { readonly writer: OrderedWriter<V> } {
  const views = new Map<number, OrderedView<V>>()
  const clock = { now: 0 }
  let missingKeys = new Map<string, Asked<OrderedKey>>()
  let missingRanges = new Map<string, Asked<Omit<OrderedRange, 'limit'>>>()
  let taken: { readonly keys: readonly Asked<OrderedKey>[], readonly ranges: readonly Asked<unknown>[] } = { keys: [], ranges: [] }
  /** Throws unless the record is walked on with absence as the answer. */
  const ask = <T>(missing: Map<string, Asked<T>>, name: string, what: T): void => {
    if (!missing.has(name)) missing.set(name, { what, by: mode.walking })
    miss(mode)
  }

  /** What several records ask for up to the same key is asked for once, from the first of their keys on. */
  const askAhead = (partition: number, from: string, ahead: string): void => {
    const name = `${partition}/${ahead}`
    const asked = missingRanges.get(name)
    if (asked === undefined) return ask(missingRanges, name, { partition, from, to: ahead, reverse: false })
    if (from < asked.what.from) missingRanges.set(name, { ...asked, what: { ...asked.what, from } })
    miss(mode)
  }

  const viewOf = (partition: number): OrderedView<V> => {
    let view = views.get(partition)
    if (view === undefined) views.set(partition, view = new OrderedView(partition, journal, clock))
    return view
  }
  let view = viewOf(at.partition)
  /** Of the current record's task. */
  const current = (): OrderedView<V> => {
    if (view.partition !== at.partition) view = viewOf(at.partition)
    return view
  }

  const held = ({ key, value, timestamp, time }: StoredEntry): Held<V> => {
    try {
      return { key, value: store.value.decode(value), timestamp, time }
    } catch (error) {
      throw new StateError('fatal', `Store '${store.name}' holds a value under key ${JSON.stringify(key)} that its serde '${store.value.name}' cannot read: ${messageOf(error)}. Give the store the serde it was written with, or reset the application id.`, error)
    }
  }
  const encoded = ({ key, value, timestamp, time }: Held<V>, partition: number): StoredEntry => {
    try {
      return { partition, key, value: store.value.encode(value), timestamp, time }
    } catch (error) {
      throw new StateError('data', `Serde '${store.value.name}' of store '${store.name}' cannot write the value under key ${JSON.stringify(key)}: ${messageOf(error)}`, error)
    }
  }
  return {
    store,
    writer: {
      get (key, { ahead } = {}) {
        reads.lookups++
        const view = current()
        const found = view.get(key)
        if (found !== UNKNOWN) return found
        if (ahead !== undefined) askAhead(view.partition, key, ahead)
        else ask(missingKeys, `${view.partition}/${key}`, { partition: view.partition, key })
        return undefined
      },
      put (key, value, timestamp, time = timestamp) {
        current().put(key, { key, value, timestamp, time })
      },
      delete (key) {
        current().put(key, undefined)
      },
      range (from, to, { reverse = false, ahead } = {}) {
        reads.lookups++
        const view = current()
        return view.range(from, to, reverse, (from, to) => {
          if (ahead !== undefined && !reverse) askAhead(view.partition, from, ahead)
          else ask(missingRanges, JSON.stringify([view.partition, from, to, reverse]), { partition: view.partition, from, to, reverse })
        })
      },
      expire (before) {
        if (!store.expires) throw new TypeError(`Store '${store.name}' was defined as one whose entries do not expire; define it without expires: false, or delete them by key.`)
        current().expire(before)
      }
    },
    takeMissing () {
      if (missingKeys.size === 0 && missingRanges.size === 0) return undefined
      // The first is what the record waits for that is next, and is not to wait longer for what others ask.
      const limitOf = (nth: number): number => nth === 0 ? bounds.page : Math.min(bounds.page, Math.ceil(bounds.answer / missingRanges.size))
      taken = { keys: [...missingKeys.values()], ranges: [...missingRanges.values()] }
      const wanted = { store, keys: taken.keys.map(({ what }) => what), ranges: missingRanges.values().toArray().map(({ what }, nth) => ({ ...what, limit: limitOf(nth) })) }
      missingKeys = new Map()
      missingRanges = new Map()
      return wanted
    },
    firstMisled (loaded) {
      if (!('ranges' in loaded)) return Infinity
      const found = new Set(loaded.found.map(({ partition, key }) => `${partition}/${key}`))
      const isNews = ({ partition, key }: StoredEntry): boolean => !viewOf(partition).knows(key)
      return Math.min(
        ...taken.keys.map(({ what: { partition, key }, by }) => found.has(`${partition}/${key}`) ? by : Infinity),
        ...taken.ranges.map(({ by }, index) => {
          const page = loaded.ranges[index]
          return page === undefined || (page.isWhole && !page.entries.some(isNews)) ? Infinity : by
        })
      )
    },
    accept (loaded, wanted) {
      if (!('ranges' in loaded) || !('ranges' in wanted)) return
      for (const entry of loaded.found) viewOf(entry.partition).accept(entry.key, held(entry))
      // Those that are left.
      for (const { partition, key } of wanted.keys) viewOf(partition).accept(key, undefined)
      for (const [index, { entries, isWhole }] of loaded.ranges.entries()) {
        const asked = wanted.ranges[index]
        if (asked === undefined) continue
        const view = viewOf(asked.partition)
        for (const entry of entries) view.accept(entry.key, held(entry))
        const last = entries.at(-1)?.key
        if (isWhole || last === undefined) view.acceptRange(asked.from, asked.to)
        else if (asked.reverse) view.acceptRange(last, asked.to)
        else view.acceptRange(asked.from, behind(last))
      }
    },
    deciding: () => undefined,
    write () {
      const puts: StoredEntry[] = []
      const deletes: OrderedKey[] = []
      const expiries = new Map<number, number>()
      for (const view of views.values()) {
        const { partition, sealedExpiry } = view
        for (const [key, entry] of view.changes()) {
          if (entry === undefined) deletes.push({ partition, key })
          else puts.push(encoded(entry, partition))
        }
        if (sealedExpiry > -Infinity) expiries.set(partition, sealedExpiry)
      }
      return puts.length === 0 && deletes.length === 0 && expiries.size === 0 ? undefined : { kind: 'ordered', store, puts, deletes, expiries }
    },
    seal () {
      for (const view of views.values()) view.seal()
    },
    committed () {
      for (const view of views.values()) view.committed()
      shrink(views.values().toArray(), bounds.cached)
    },
    undo () {
      for (const view of views.values()) view.undo()
    },
    evict: () => {},
    clear () {
      views.clear()
      view = viewOf(at.partition)
      missingKeys = new Map()
      missingRanges = new Map()
    }
  }
}

/** And which record of the walk asked first. */
interface Asked<T> {
  readonly what: T
  readonly by: number
}

/** Behind a commit only: what a record is waiting for must not go before it has run. */
function shrink (views: readonly OrderedView<unknown>[], cached: number): void {
  if (views.reduce((size, view) => size + view.size, 0) <= cached) return
  const uses = Float64Array.from(views.flatMap(view => view.uses())).sort()
  // A quarter more than needed, so that this is seldom.
  const before = uses[uses.length - Math.floor(cached * 0.75)]
  if (before !== undefined) for (const view of views) view.evict(before)
}
