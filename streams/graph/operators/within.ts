import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Forward } from '../record.ts'

/** Marks the node while `process` runs, so that an error names it. */
export function within<K, V> (execution: Execution, node: Node, process: Forward<K, V>): Forward<K, V> {
  return record => {
    const previous = execution.enter(node)
    process(record)
    execution.leave(previous)
  }
}
