import type { Store } from '../stores/store.ts'
import type { ValueGetterSupplier } from './value-getter.ts'

/** How the rows of a table come about: what others need to read them, and to ask for the value that a row had before. */
export interface TableRows<K, V> {
  /** Reads the rows from another node; a table that is read from has to keep them. */
  readonly getter: () => ValueGetterSupplier<K, V>
  /** Asks for old values from now on. False where the table keeps no rows to take them from, and was not forced to. */
  readonly sendOldValues: (force: boolean) => boolean
  /** The table's own stores; none: its rows are computed where they are read. */
  readonly stores: readonly Store[]
}

/** Rows of an aggregate, which always keeps them. */
export class StoredRows<K, V> implements TableRows<K, V> {
  sendsOldValues = false
  readonly #supplier: ValueGetterSupplier<K, V>

  constructor (supplier: ValueGetterSupplier<K, V>) {
    this.#supplier = supplier
  }

  get stores (): readonly Store[] {
    return this.#supplier.stores
  }

  getter (): ValueGetterSupplier<K, V> {
    return this.#supplier
  }

  sendOldValues (): boolean {
    this.sendsOldValues = true
    return true
  }
}

/** Rows as they come from a topic: kept only where somebody reads them, or asks what they were before. */
export class SourceRows<K, V> implements TableRows<K, V> {
  sendsOldValues = false
  isMaterialized: boolean
  readonly #supplier: ValueGetterSupplier<K, V>

  constructor (supplier: ValueGetterSupplier<K, V>, isMaterialized: boolean) {
    this.#supplier = supplier
    this.isMaterialized = isMaterialized
  }

  get stores (): readonly Store[] {
    return this.isMaterialized ? this.#supplier.stores : []
  }

  getter (): ValueGetterSupplier<K, V> {
    this.isMaterialized = true
    return this.#supplier
  }

  sendOldValues (force: boolean): boolean {
    if (!force && !this.isMaterialized) return false
    this.isMaterialized = true
    this.sendsOldValues = true
    return true
  }
}

/** Rows computed from those of another table: read through it, unless they have a store of their own. */
export class DerivedRows<K, V, V0> implements TableRows<K, V> {
  sendsOldValues = false
  readonly #parent: TableRows<K, V0>
  readonly #own: ValueGetterSupplier<K, V> | undefined
  readonly #derive: (parent: ValueGetterSupplier<K, V0>) => ValueGetterSupplier<K, V>

  constructor (parent: TableRows<K, V0>, own: ValueGetterSupplier<K, V> | undefined, derive: (parent: ValueGetterSupplier<K, V0>) => ValueGetterSupplier<K, V>) {
    this.#parent = parent
    this.#own = own
    this.#derive = derive
  }

  get stores (): readonly Store[] {
    return this.#own?.stores ?? []
  }

  getter (): ValueGetterSupplier<K, V> {
    return this.#own ?? this.#derive(this.#parent.getter())
  }

  sendOldValues (force: boolean): boolean {
    if (this.#own !== undefined || this.#parent.sendOldValues(force)) this.sendsOldValues = true
    return this.sendsOldValues
  }
}
