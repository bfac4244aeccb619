import type { RoutingWire } from '../wire.ts'

export interface BranchCase<V> {
  /** The node behind this branch. */
  readonly child: string
  readonly accepts: (value: V) => boolean
}

/** The first branch whose guard accepts the value gets the record. */
export function branch<K, V> (cases: readonly BranchCase<V>[]): RoutingWire<K, V, K, V> {
  return (execution, node, _forward, to) => {
    const routes = cases.map(({ child, accepts }) => ({ accepts, forward: to(child) }))
    return record => {
      const previous = execution.enter(node)
      const route = routes.find(({ accepts }) => accepts(record.value))
      execution.leave(previous)
      if (route === undefined) return execution.drop(node, 'no-branch')
      route.forward(record)
      execution.forwarded(node, record)
    }
  }
}
