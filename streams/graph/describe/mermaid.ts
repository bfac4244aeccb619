import type { Topology } from '../topology.ts'
import { draw, type Edge, type Group } from './drawing.ts'

/** A Mermaid flowchart, as GitHub draws it in a README: topics round, internal ones with a dashed edge, stores as cylinders, changes of tables thick, dead letters dashed. */
export function describeAsMermaid (topology: Topology): string {
  const { topics, groups, edges } = draw(topology)
  return [
    'flowchart LR',
    ...topics.map(({ id, label, internal }) => `  ${id}(["${lines(label)}"]):::${internal ? 'internal' : 'topic'}`),
    ...groups.flatMap(groupLines),
    ...edges.map(edgeLine),
    ...topics.some(({ internal }) => internal) ? ['  classDef internal fill:#fdf8ec,stroke:#b7791f,color:#3d2a00,stroke-dasharray:4'] : [],
    // Colours of their own for text and fill, readable on a light page and on a dark one.
    '  classDef topic fill:#fff3d6,stroke:#b7791f,color:#3d2a00',
    '  classDef node fill:#e8f1fd,stroke:#2b6cb0,color:#10294a',
    '  classDef store fill:#e6f6ec,stroke:#2f855a,color:#0f3321',
    ''
  ].join('\n')
}

function groupLines ({ id, label, nodes, stores }: Group): string[] {
  return [
    `  subgraph ${id}["${lines(label)}"]`,
    ...nodes.map(({ id, label, branches }) => `    ${id}${branches ? `{"${lines(label)}"}` : `["${lines(label)}"]`}:::node`),
    ...stores.map(({ id, label }) => `    ${id}[("${lines(label)}")]:::store`),
    '  end'
  ]
}

function edgeLine ({ from, to, label, kind }: Edge): string {
  const arrow = { record: '-->', change: '==>', 'dead-letter': '-.->', state: '---' }[kind]
  return `  ${from} ${arrow}${label === '' ? '' : `|"${label}"|`} ${to}`
}

function lines (label: readonly string[]): string {
  return label.join('<br/>')
}
