import type { Execution } from '../../graph/execution.ts'
import type { Node } from '../../graph/node.ts'
import type { Ordered } from '../ordered.ts'

/** A store that a processor declares and uses with Kafka Streams' methods, as data: ordered state, and how it is opened over that. */
export interface StateStore<W = unknown> {
  readonly kind: 'state-store'
  readonly name: string
  /** The tables it is kept in. */
  readonly stores: readonly Ordered<unknown>[]
  readonly open: (execution: Execution, node: Node) => W
}
