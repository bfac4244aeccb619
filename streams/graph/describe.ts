import { describeAsDot } from './describe/dot.ts'
import { describeAsJson } from './describe/json.ts'
import { describeAsMermaid } from './describe/mermaid.ts'
import { describeAsText } from './describe/text.ts'
import type { Topology } from './topology.ts'

export type DescribeFormat = typeof describeFormats[number]
export const describeFormats = ['text', 'mermaid', 'dot', 'json'] as const

/**
 * A topology as something to read: `text` as Kafka Streams' `describe()` prints it, `mermaid` and `dot` as drawings,
 * `json` for programs (its shape is `TopologyJson`). The same topology gives the same characters.
 */
export function describe (topology: Topology, format: DescribeFormat = 'text'): string {
  switch (format) {
    case 'text': return describeAsText(topology.subTopologies, topology.globals)
    case 'mermaid': return describeAsMermaid(topology)
    case 'dot': return describeAsDot(topology)
    case 'json': return JSON.stringify(describeAsJson(topology), undefined, 2) + '\n'
  }
}
