import type { PhysicalGraph } from './physical-graph.ts'

export interface GraphNodeOptions {
  readonly name: string
  /** What stands behind it must be repartitioned before it is grouped or joined by key. */
  readonly changesKey?: boolean
  readonly changesValue?: boolean
  readonly isMerge?: boolean
  /** A left or outer join: records without a key are of use to it, so a repartition before it lets them pass. */
  readonly allowsNullKeys?: boolean
  /** Whether the rows it hands on keep versions; left out: as its parents' do. */
  readonly versioned?: boolean
  /** Told for each parent whose rows keep versions, before the graph is written. */
  readonly useVersions?: (parent: GraphNode) => void
  readonly isSuppress?: boolean
  /** Of a windowed aggregate: how long after the end of a window its row may still change. */
  readonly graceMs?: number
  /** Adds the running nodes. `parents` are the names of those it hangs on. */
  readonly write: (graph: PhysicalGraph, parents: readonly string[]) => void
}

/**
 * An operator as it was called: what is optimized. It becomes one or more running nodes when the topology is finished; its name is that of
 * the node that hands on.
 */
export class GraphNode {
  readonly name: string
  readonly options: GraphNodeOptions
  readonly parents = new Set<GraphNode>()
  readonly children = new Set<GraphNode>()
  /** Nodes are written in this order, as far as their parents are. */
  priority = 0
  isWritten = false

  constructor (options: GraphNodeOptions) {
    this.name = options.name
    this.options = options
  }

  addChild (child: GraphNode): void {
    this.children.add(child)
    child.parents.add(this)
  }

  removeChild (child: GraphNode): void {
    this.children.delete(child)
    child.parents.delete(this)
  }

  write (graph: PhysicalGraph): void {
    this.options.write(graph, [...this.parents].map(({ name }) => name))
    this.isWritten = true
  }
}

/** The nearest node up the graph, this one included, for which the question is answered with yes. */
export function findUpwards (node: GraphNode, matches: (node: GraphNode) => boolean): GraphNode | undefined {
  if (matches(node)) return node
  for (const parent of node.parents) {
    if (matches(parent)) return parent
  }
  let found: GraphNode | undefined
  for (const parent of node.parents) found = findUpwards(parent, matches)
  return found
}
