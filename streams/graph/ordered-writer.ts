import type { Ordered, OrderedWriter } from '../stores/ordered.ts'
import type { Execution } from './execution.ts'

/** The writer of an ordered store whose value type is a parameter. */
export function orderedWriter<V> (execution: Execution, store: Ordered<V>): OrderedWriter<V> {
  // `WriterOf` of an ordered store is this type; for a type parameter the compiler leaves a conditional type open.
  return execution.writer(store) as OrderedWriter<V>
}
