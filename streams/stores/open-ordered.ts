import type { Execution } from '../graph/execution.ts'
import type { Ordered, OrderedWriter } from './ordered.ts'

/** The writer of an ordered store whose value type is a parameter. */
export function openOrdered<V> (execution: Execution, store: Ordered<V>): OrderedWriter<V> {
  // `WriterOf<Ordered<V>>` is `OrderedWriter<V>`; the compiler does not work a conditional type out while V is open.
  return execution.writer(store) as OrderedWriter<V>
}
