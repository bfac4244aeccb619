import { findUpwards, type GraphNode } from '../graph-node.ts'
import type { LogicalGraph } from '../logical-graph.ts'
import { RepartitionNode } from '../repartition-node.ts'

/** Behind a node that changes the key one repartition topic is enough: it is pulled up to that node, and all that stood between is run behind it. */
export function mergeRepartitions (graph: LogicalGraph): void {
  for (const [changer, repartitions] of repartitionsByChanger(graph)) {
    const [first] = repartitions
    if (first === undefined) continue
    const merged = new RepartitionNode(graph, { prefix: first.topic, key: first.key, value: first.value })
    graph.nodes.push(merged)
    merged.priority = changer.priority
    for (const replaced of repartitions) replace(replaced, changer, merged)
    changer.addChild(merged)
  }
}

function replace (replaced: RepartitionNode, changer: GraphNode, merged: RepartitionNode): void {
  const child = findUpwards(replaced, node => node.parents.has(changer))
  if (child !== undefined) {
    merged.addChild(child)
    changer.removeChild(child)
  }
  for (const behind of [...replaced.children]) for (const before of replaced.parents) before.addChild(behind)
  for (const before of [...replaced.parents]) before.removeChild(replaced)
  for (const behind of [...replaced.children]) replaced.removeChild(behind)
}

/** In order of definition. Where a merge of streams stands between, it counts as the one that changed the key. */
function repartitionsByChanger ({ nodes }: LogicalGraph): Map<GraphNode, Set<RepartitionNode>> {
  const found = new Map<GraphNode, Set<RepartitionNode>>()
  for (const node of nodes) {
    if (node.options.changesKey === true) found.set(node, new Set())
    if (!(node instanceof RepartitionNode) || node.isExplicit) continue
    const changer = keyChangerOf(node)
    if (changer !== undefined) found.get(changer)?.add(node)
  }
  for (const merge of nodes.filter(({ options }) => options.isMerge === true)) {
    const changers = [...found].filter(([changer, repartitions]) =>
      [...repartitions].every(node => findUpwards(node, each => each.parents.has(merge)) !== undefined) &&
      findUpwards(merge, each => each.parents.has(changer)) !== undefined)
    found.set(merge, new Set(changers.flatMap(([, repartitions]) => [...repartitions])))
    for (const [changer] of changers) found.delete(changer)
  }
  return found
}

/** undefined where a value was changed in between: then the records that would be repartitioned are not those that are there. */
function keyChangerOf (node: GraphNode): GraphNode | undefined {
  const changer = findUpwards(node, ({ options }) => options.changesKey === true)
  const first = findUpwards(node, ({ options }) => options.changesKey === true || options.changesValue === true)
  return first === changer ? changer : undefined
}
