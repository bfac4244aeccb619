import type { Topology } from '../topology.ts'
import { draw, type Edge, type Group } from './drawing.ts'

/** The drawing for Graphviz. */
export function describeAsDot (topology: Topology): string {
  const { topics, groups, edges } = draw(topology)
  return [
    `digraph ${quoted(topology.name)} {`,
    '  rankdir=LR',
    '  node [shape=box, fontname="sans-serif"]',
    ...topics.map(({ id, label, internal }) => `  ${id} [label=${lines(label)}, shape=box, style="rounded,filled${internal ? ',dashed' : ''}", fillcolor="#fff3d6"]`),
    ...groups.flatMap(groupLines),
    ...edges.map(edgeLine),
    '}',
    ''
  ].join('\n')
}

function groupLines ({ id, label, nodes, stores }: Group): string[] {
  return [
    `  subgraph cluster_${id} {`,
    `    label=${lines(label)}`,
    ...nodes.map(({ id, label, branches }) => `    ${id} [label=${lines(label)}${branches ? ', shape=diamond' : ''}]`),
    ...stores.map(({ id, label }) => `    ${id} [label=${lines(label)}, shape=cylinder, style=filled, fillcolor="#e6f6ec"]`),
    '  }'
  ]
}

function edgeLine ({ from, to, label, kind }: Edge): string {
  const style = { record: [], change: ['penwidth=2'], 'dead-letter': ['style=dashed'], state: ['arrowhead=none'] }[kind]
  const attributes = [...label === '' ? [] : [`label=${quoted(label)}`], ...style]
  return `  ${from} -> ${to}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`}`
}

function lines (label: readonly string[]): string {
  return quoted(label.join('\n')).replaceAll('\n', '\\n')
}

function quoted (text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
