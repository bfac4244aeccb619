import type { Topology } from '../topology.ts'
import { draw, type Edge, type Group } from './drawing.ts'

/** A Mermaid flowchart, as GitHub draws it in a README: topics round, stores as cylinders, dead letters dashed. */
export function describeAsMermaid (topology: Topology): string {
  const { topics, groups, edges } = draw(topology)
  return [
    'flowchart LR',
    ...topics.map(({ id, label }) => `  ${id}(["${label}"]):::topic`),
    ...groups.flatMap(groupLines),
    ...edges.map(edgeLine),
    // Colours of their own for text and fill, readable on a light page and on a dark one.
    '  classDef topic fill:#fff3d6,stroke:#b7791f,color:#3d2a00',
    '  classDef node fill:#e8f1fd,stroke:#2b6cb0,color:#10294a',
    '  classDef store fill:#e6f6ec,stroke:#2f855a,color:#0f3321',
    ''
  ].join('\n')
}

function groupLines ({ id, label, nodes, stores }: Group): string[] {
  return [
    `  subgraph ${id}["${label}"]`,
    ...nodes.map(({ id, label, branches }) => `    ${id}${branches ? `{"${label}"}` : `["${label}"]`}:::node`),
    ...stores.map(({ id, label }) => `    ${id}[("${label}")]:::store`),
    '  end'
  ]
}

function edgeLine ({ from, to, label, kind }: Edge): string {
  const arrow = { record: '-->', 'dead-letter': '-.->', state: '---' }[kind]
  return `  ${from} ${arrow}${label === '' ? '' : `|"${label}"|`} ${to}`
}
