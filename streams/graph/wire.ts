import type { Execution } from './execution.ts'
import type { Node } from './node.ts'
import type { Forward } from './record.ts'

/**
 * A node's running half: given what stands behind it, what to do with a record that reaches it. Made once per process and
 * shared by all its tasks, so it holds no state of its own: state lives in stores and in the task's times.
 */
export type Wire<K, V, K2, V2> = (execution: Execution, node: Node, forward: Forward<K2, V2>) => Forward<K, V>

/** As `Wire`, of a node that hands on to one of those behind it alone: `to` gives it by its name. */
export type RoutingWire<K, V, K2, V2> = (execution: Execution, node: Node, forward: Forward<K2, V2>, to: (child: string) => Forward<K2, V2>) => Forward<K, V>
