import type { Topology } from '../topology.ts'
import { draw, type Edge, type Group } from './drawing.ts'

/** The drawing for Graphviz. */
export function describeAsDot (topology: Topology): string {
  const { topics, groups, edges } = draw(topology)
  return [
    `digraph ${quoted(topology.name)} {`,
    '  rankdir=LR',
    '  node [shape=box, fontname="sans-serif"]',
    ...topics.map(({ id, label }) => `  ${id} [label=${quoted(label)}, shape=box, style="rounded,filled", fillcolor="#fff3d6"]`),
    ...groups.flatMap(groupLines),
    ...edges.map(edgeLine),
    '}',
    ''
  ].join('\n')
}

function groupLines ({ id, label, nodes, stores }: Group): string[] {
  return [
    `  subgraph cluster_${id} {`,
    `    label=${quoted(label)}`,
    ...nodes.map(({ id, label, branches }) => `    ${id} [label=${quoted(label)}${branches ? ', shape=diamond' : ''}]`),
    ...stores.map(({ id, label }) => `    ${id} [label=${quoted(label)}, shape=cylinder, style=filled, fillcolor="#e6f6ec"]`),
    '  }'
  ]
}

function edgeLine ({ from, to, label, kind }: Edge): string {
  const style = { record: [], 'dead-letter': ['style=dashed'], state: ['arrowhead=none'] }[kind]
  const attributes = [...label === '' ? [] : [`label=${quoted(label)}`], ...style]
  return `  ${from} -> ${to}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`}`
}

function quoted (text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
