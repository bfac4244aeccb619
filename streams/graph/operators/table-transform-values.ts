import type { WritersOf } from '../../stores/store.ts'
import type { Change } from '../change.ts'
import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { StoreRoles } from '../processor.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../value-getter.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { openRoles } from './processor.ts'
import { within } from './within.ts'

/** What a row's value becomes. It is asked about rows that are deleted, too: null; and answers null where there is to be no row. */
export type ValueTransformer<K, V, V2, S extends StoreRoles> = (value: V | null, key: K, context: { readonly stores: WritersOf<S> }) => V2

/** A transformer with the stores of its roles, which its node opens once for an execution. */
export class Transforming<K, V, V2, S extends StoreRoles> {
  readonly roles: S
  readonly #transformer: ValueTransformer<K, V, V2 | null, S>
  readonly #contexts = new WeakMap<Execution, { readonly stores: WritersOf<S> }>()

  constructor (transformer: ValueTransformer<K, V, V2 | null, S>, roles: S) {
    this.#transformer = transformer
    this.roles = roles
  }

  open (execution: Execution, node: Node): (value: V | null, key: K) => V2 | null {
    this.#contexts.set(execution, { stores: openRoles(this.roles, execution, node) })
    return this.read(execution)
  }

  /** For who reads the rows from another node: that one stands behind, so what it needs has been opened. */
  read (execution: Execution): (value: V | null, key: K) => V2 | null {
    return (value, key) => {
      const context = this.#contexts.get(execution)
      if (context === undefined) throw new TypeError('A transformer was asked before its node was opened.')
      return this.#transformer(value, key, context)
    }
  }
}

export interface TableTransformValues<K, V, V2, S extends StoreRoles> {
  readonly transforming: Transforming<K, V, V2, S>
  readonly materialization: Materialization<K, V2> | undefined
  readonly sendsOldValues: () => boolean
}

/** As Kafka Streams has it, a table without a store of its own asks the transformer for the old value, too. */
export function tableTransformValues<K, V, V2, S extends StoreRoles> ({ transforming, materialization, sendsOldValues }: TableTransformValues<K, V, V2, S>): Wire<K, Change<V>, K, Change<V2>> {
  return (execution, node, forward) => {
    const sends = sendsOldValues()
    const table = materialization && openMaterialized(execution, node, materialization, sends, forward)
    const transform = transforming.open(execution, node)
    return within(execution, node, record => {
      const { key, value: change, timestamp, headers } = record
      const newValue = transform(change.newValue, key)
      if (table !== undefined) return table.update(record, { newValue, oldValue: sends ? table.get(key)?.value ?? null : null })
      forward({ key, value: { newValue, oldValue: sends ? transform(change.oldValue, key) : null, isLatest: change.isLatest }, timestamp, headers })
    })
  }
}

/** Reads a transformed table that has no store of its own. */
export function transformedValues<K, V, V2, S extends StoreRoles> (parent: ValueGetterSupplier<K, V>, transforming: Transforming<K, V, V2, S>): ValueGetterSupplier<K, V2> {
  return {
    stores: parent.stores,
    open (execution) {
      const { get, getAsOf } = parent.open(execution)
      const transform = transforming.read(execution)
      const transformed = (row: ValueAndTimestamp<V> | undefined, key: K): ValueAndTimestamp<V2> | undefined => {
        const value = transform(row?.value ?? null, key)
        // What is made of no row has no time, as in Kafka Streams.
        return value === null ? undefined : { value, timestamp: row?.timestamp ?? -1 }
      }
      return { get: key => transformed(get(key), key), getAsOf: getAsOf && ((key, asOf) => transformed(getAsOf(key, asOf), key)) }
    }
  }
}
