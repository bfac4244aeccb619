import type { StoredEntry } from '../state/state.ts'
import { keyBytes } from '../stores/key-bytes.ts'
import { encodeTime, keyOfBytes } from '../stores/ordered-keys.ts'
import { versionsFrom } from '../stores/versioned-keys.ts'
import type { Windowed } from '../windows/windowed.ts'
import { layoutOf, type Span } from './key-layout.ts'
import { limitOf, pageOf, placeOf } from './paging.ts'
import { QueryError } from './query-error.ts'
import type { QueryableTable } from './queryable.ts'
import type { Kept, StoreSource } from './store-source.ts'
import type { NamedEntry, NamedView, PageOptions, RangeOptions, StorePage, WindowsOptions } from './store-views.ts'

type Entry = NamedEntry & { readonly timestamp: number }

/** Reads the store of an operator of the language: what lies where its reading says. */
export function openTableView ({ name, shape, store, reading, subTopology }: QueryableTable, source: StoreSource): NamedView {
  const layout = layoutOf(reading)
  const kept: { readonly kept?: Kept } = 'keptMs' in reading ? { kept: { time: name, ms: reading.keptMs } } : {}
  const bytesOf = (key: unknown): Buffer => reading.key.encode(key)
  const entryOf = (stored: StoredEntry): Entry => {
    const { key, ...window } = layout.parse(stored)
    return { key: reading.key.decode(key), value: store.value.decode(stored.value), timestamp: stored.timestamp, ...window }
  }
  const look = (span: Span, limit: number): ReturnType<StoreSource['entries']> => source.entries({ store, subTopology: subTopology.name, limit, ...span, ...kept })
  const first = async (span: Span): Promise<Entry | undefined> => (await look(span, 1)).map(entryOf)[0]
  const page = async (spans: readonly Span[], options: PageOptions, isWithin: (entry: StoredEntry) => boolean = () => true): Promise<StorePage<NamedEntry>> => {
    const limit = limitOf(options)
    const behindCursor = options.cursor === undefined ? [] : [{ from: `${fromHex(placeOf(options.cursor))}\0`, to: undefined }]
    const found = await look([...spans, ...behindCursor].reduce(both), limit + 1)
    const end = found.findIndex(entry => !isWithin(entry))
    return pageOf(end < 0 ? found : found.slice(0, end), limit, { answer: entryOf, place: ({ key }) => toHex(key) })
  }
  const isWindowed = shape === 'window' || shape === 'session'
  return {
    async get (key) {
      return await first(isWindowed ? exactly(shape, layout.of(bytesOf(windowed(name, key).key)).from, windowed(name, key)) : layout.of(bytesOf(key)))
    },
    async asOf (key, time) {
      if (reading.shape !== 'versioned') throw new QueryError('refused', `Store '${name}' keeps no versions (it is of shape '${shape}'), so it cannot be asked as of a time.`)
      const latest = await first(layout.of(bytesOf(key)))
      if (latest !== undefined && latest.timestamp <= time) return latest
      // Of the versions before, the first that ends behind the time, if it began by then.
      const [version] = await source.entries({
        store, subTopology: subTopology.name, ...versionsFrom(keyBytes(reading.key, key), time + 1), limit: 1, kept: { time: `${name}-observed`, ms: reading.historyRetentionMs, at: time }
      })
      if (version === undefined || version.timestamp > time) return undefined
      const value = store.value.decode(version.value)
      return value === null ? undefined : { key, value, timestamp: version.timestamp }
    },
    async windows (key, options: WindowsOptions = {}) {
      if (!isWindowed) throw new QueryError('refused', `Store '${name}' has no windows (it is of shape '${shape}'); ask for the key alone.`)
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = options
      const ofKey = layout.of(bytesOf(key))
      const begins: Span = { from: ofKey.from + encodeTime(Math.max(0, from)), to: undefined }
      // Entries stand by start, and sessions of one key, which do not overlap, by their starts too.
      return await page([ofKey, begins], options, entry => (layout.parse(entry).window?.start ?? 0) <= to)
    },
    async range (options: RangeOptions<unknown> = {}) {
      const { from, to, prefix } = options
      return await page([
        layout.all,
        ...(from === undefined ? [] : [{ from: layout.of(bytesOf(from)).from, to: undefined }]),
        ...(to === undefined ? [] : [{ from: '', to: layout.of(bytesOf(to)).to }]),
        ...(prefix === undefined ? [] : [layout.beginning(prefixOf(prefix))])
      ], options)
    }
  }

  function prefixOf (prefix: unknown): Buffer {
    if (reading.key.name === 'text' || reading.key.name === 'bytes') return bytesOf(prefix)
    throw new QueryError('refused', `Keys of store '${name}' are ${reading.key.name}; a prefix is for keys of text or bytes. Use from and to.`)
  }
}

function both (a: Span, b: Span): Span {
  const to = a.to === undefined || (b.to !== undefined && b.to < a.to) ? b.to : a.to
  return { from: a.from > b.from ? a.from : b.from, to }
}

function exactly (shape: 'window' | 'session' | string, frame: string, { window }: Windowed<unknown>): Span {
  const key = frame + (shape === 'session' ? encodeTime(window.end) : '') + encodeTime(window.start)
  return { from: key, to: `${key}\0` }
}

function windowed (name: string, key: unknown): Windowed<unknown> {
  // Its shape is looked at; what the parts hold, the serde of the key and the store are to refuse.
  if (typeof key === 'object' && key !== null && 'key' in key && 'window' in key) return key as Windowed<unknown>
  throw new QueryError('refused', `A row of store '${name}' has a key and a window; give { key, window }, or ask for the windows of the key.`)
}

function toHex (key: string): string {
  return Buffer.from(key, 'latin1').toString('hex')
}

function fromHex (place: string): string {
  return keyOfBytes(Buffer.from(place, 'hex'))
}
