import { inner } from '../graph/inner.ts'
import { Table } from '../graph/table.ts'
import type { Topology } from '../graph/topology.ts'
import type { StateReader } from '../projection/state-reader.ts'
import { openDeclaredView } from './declared-view.ts'
import { reached } from './min-position.ts'
import { QueryError } from './query-error.ts'
import { queryableStores, type DeclaredStore, type QueryableStore } from './queryable.ts'
import type { StoreSource } from './store-source.ts'
import type { NamedView, ReadOptions, StoreViews } from './store-views.ts'
import { openTableView } from './table-view.ts'

export interface StoreQueriesOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly source: StoreSource
  /** Asked first, where it has what is wanted; left out: only the source is asked. */
  readonly projection?: StateReader | undefined
}

/**
 * Reads the stores of a topology, from wherever: the state is shared, so whichever worker holds a key need not be known. It
 * cannot write.
 */
export interface StoreQueries {
  readonly topology: string
  readonly applicationId: string
  readonly stores: readonly QueryableStore[]
  /** A store by a table's handle, its declaration, or its name; `QueryError` where the topology has none such. */
  readonly store: StoreViews
}

export function openStoreQueries ({ topology, applicationId, source, projection }: StoreQueriesOptions): StoreQueries {
  const stores = queryableStores(topology, applicationId)

  const view = (given: Table<unknown, unknown> | DeclaredStore | string): NamedView => {
    const name = nameOf(given)
    const found = stores.find(store => store.name === name)
    if (found === undefined) {
      throw new QueryError('unknown', `Topology '${topology.name}' has no store '${name}'; it has ${stores.length === 0 ? 'none: give a table\'s store a name' : stores.map(({ name }) => name).join(', ')}.`)
    }
    const opened = found.reading === undefined ? openDeclaredView(found, source, projection) : openTableView(found, source)
    const fresh = async ({ minPosition, timeoutMs }: ReadOptions = {}): Promise<void> => {
      if (minPosition !== undefined) await reached(source, found, minPosition, timeoutMs)
    }
    return {
      async get (key, options) {
        await fresh(options)
        return await opened.get(key, options)
      },
      async asOf (key, time, options) {
        await fresh(options)
        return await opened.asOf(key, time, options)
      },
      async windows (key, options) {
        await fresh(options)
        return await opened.windows(key, options)
      },
      async range (options) {
        await fresh(options)
        return await opened.range(options)
      }
    }
  }
  // A view is made from the store that a handle or declaration stands for, which gives keys and values their types.
  return { topology: topology.name, applicationId, stores, store: view as StoreViews }
}

function nameOf (given: Table<unknown, unknown> | DeclaredStore | string): string {
  if (typeof given === 'string') return given
  if (!(given instanceof Table)) return given.name
  const named = given[inner].rows.stores.find(store => store.kind === 'ordered' && store.reading !== undefined)
  if (named !== undefined) return named.name
  throw new QueryError('refused', `Table '${given[inner].name}' has no store with a name, so there is nothing to read it by; give its operator one: { store: { name: '…' } }.`)
}
