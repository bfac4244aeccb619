import { openSuppressBuffer, type SuppressBuffer } from '../../stores/suppress-buffer.ts'
import type { ValueGetterSupplier } from '../value-getter.ts'

/** Of a row that is held back nobody knows when it was written. */
const UNKNOWN = -1

/** A suppressed table as those behind it may see it: a row that is held back is still as it was when it was last given out. */
export function suppressedView<K, V> (table: ValueGetterSupplier<K, V>, buffer: SuppressBuffer<K, V>): ValueGetterSupplier<K, V> {
  return {
    stores: [buffer.ordered, ...table.stores],
    open (execution) {
      const held = openSuppressBuffer(execution, buffer)
      const rows = table.open(execution)
      return {
        get (key) {
          const prior = held.prior(key)
          if (prior === undefined) return rows.get(key)
          return prior.value === null ? undefined : { value: prior.value, timestamp: UNKNOWN }
        },
        getAsOf: undefined
      }
    }
  }
}
