import { jsonOf, keyFromText, keyToText } from './key-text.ts'
import { QueryError } from './query-error.ts'
import type { QueryableStore } from './queryable.ts'
import { minPositionFromText, timeFromText, type TextQuestion } from './question-text.ts'
import type { StoreQueries } from './store-queries.ts'
import type { NamedEntry, ReadOptions, StorePage } from './store-views.ts'

/** What there is to be asked. */
export interface StoreListing {
  readonly application_id: string
  readonly topology: string
  readonly stores: StoreDescription[]
}

export interface StoreDescription {
  readonly name: string
  readonly shape: string
  /** How a key is written: a serde's name, or the columns of a declared store. */
  readonly key: string
  readonly window_size_ms?: number
}

export interface TextEntry {
  readonly key: unknown
  readonly value: unknown
  /** null: the store keeps none. */
  readonly timestamp: number | null
  readonly window?: { readonly start: number, readonly end: number }
}

export interface TextPage {
  readonly entries: TextEntry[]
  /** null: this was the last page. */
  readonly cursor: string | null
}

export type TextAnswer =
  | { readonly kind: 'entry', readonly entry: TextEntry }
  | { readonly kind: 'page', readonly page: TextPage }
  /** not_found: no such store or key · refused: it cannot be asked so · behind: it has not come so far in time. */
  | { readonly kind: 'not_found' | 'refused' | 'behind', readonly message: string }

/** The queries for whoever has only texts: HTTP and the command line, which ask the same and are answered the same. */
export interface TextQueries {
  readonly list: () => StoreListing
  /** Rejects only where the state cannot be read. */
  readonly ask: (store: string, question: TextQuestion) => Promise<TextAnswer>
}

export function openTextQueries (queries: StoreQueries): TextQueries {
  return {
    list: () => ({ application_id: queries.applicationId, topology: queries.topology, stores: queries.stores.map(describeStore) }),
    async ask (name, question) {
      try {
        return await ask(queries, name, question)
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        return { kind: error.kind === 'unknown' ? 'not_found' : error.kind, message: error.message }
      }
    }
  }
}

async function ask (queries: StoreQueries, name: string, question: TextQuestion): Promise<TextAnswer> {
  const view = queries.store(name)
  const store = queries.stores.find(each => each.name === name)
  if (store === undefined) throw new QueryError('unknown', `There is no store '${name}'.`)
  const { key, from, to, prefix, asOf, limit, cursor } = question
  const read = readOptions(question)
  const keyed = (text: string | undefined): unknown => text === undefined ? undefined : keyFromText(store, text)
  if (key === undefined) {
    refuse({ asOf }, `A range of store '${name}' is read as it is now; asOf goes with a key.`)
    // What a prefix is of, the view knows: of texts it is one itself.
    const beginning = store.reading === undefined ? prefix : keyed(prefix)
    return pageAnswer(store, await view.range({ ...read, limit, cursor, from: keyed(from), to: keyed(to), prefix: beginning }))
  }
  refuse({ prefix }, `A prefix goes with a range of keys; leave it out, or the key '${key}'.`)
  if (asOf !== undefined) {
    refuse({ from, to, limit, cursor }, 'As of a time there is one row; leave from, to, limit and cursor out.')
    return entryAnswer(store, key, await view.asOf(keyed(key), timeFromText('asOf', asOf), read), ` as of ${asOf}`)
  }
  if (store.shape === 'window' || store.shape === 'session') {
    const times = { from: from === undefined ? undefined : timeFromText('from', from), to: to === undefined ? undefined : timeFromText('to', to) }
    const page = await view.windows(keyed(key), { ...read, ...times, limit, cursor })
    if (page.entries.length > 0 || cursor !== undefined) return pageAnswer(store, page)
    return { kind: 'not_found', message: `Store '${name}' has no window of key '${key}'${from === undefined && to === undefined ? '' : ' in that time'}.` }
  }
  refuse({ from, to, limit, cursor }, `Store '${name}' has one row for a key; leave from, to, limit and cursor out, or the key '${key}'.`)
  return entryAnswer(store, key, await view.get(keyed(key), read), '')
}

function readOptions ({ minPosition, timeoutMs }: TextQuestion): ReadOptions {
  return { minPosition: minPosition === undefined ? undefined : minPositionFromText(minPosition), timeoutMs }
}

function refuse (options: Readonly<Record<string, unknown>>, sentence: string): void {
  if (Object.values(options).some(given => given !== undefined)) throw new QueryError('refused', sentence)
}

function entryAnswer (store: QueryableStore, key: string, entry: NamedEntry | undefined, when: string): TextAnswer {
  if (entry === undefined) return { kind: 'not_found', message: `Store '${store.name}' has no key '${key}'${when}.` }
  return { kind: 'entry', entry: textEntry(store, entry) }
}

function pageAnswer (store: QueryableStore, { entries, cursor }: StorePage<NamedEntry>): TextAnswer {
  return { kind: 'page', page: { entries: entries.map(entry => textEntry(store, entry)), cursor: cursor ?? null } }
}

function textEntry (store: QueryableStore, { key, value, timestamp, window }: NamedEntry): TextEntry {
  return { key: keyToText(store, key), value: jsonOf(value), timestamp: timestamp ?? null, ...(window === undefined ? {} : { window }) }
}

function describeStore ({ name, shape, store, reading }: QueryableStore): StoreDescription {
  return {
    name, shape, key: reading === undefined ? store.key.join(', ') : reading.key.name, ...(reading?.shape === 'window' ? { window_size_ms: reading.sizeMs } : {})
  }
}
