import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { recommender } from '../../../topology/recommender.ts'
import { defineCounter, defineProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../../streams/index.ts'
import { describe } from '../../../streams/graph/describe.ts'
import { describeAsText } from '../../../streams/graph/describe/text.ts'
import type { Node } from '../../../streams/graph/node.ts'

const topic = (name: string) => defineTopic({ name })

/** Kafka Streams' own words for the same program, computed by running it. */
const kafkaStreams = {
  sourceSink: `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [input-topic])
      --> KSTREAM-SINK-0000000001
    Sink: KSTREAM-SINK-0000000001 (topic: output)
      <-- KSTREAM-SOURCE-0000000000

`,
  statelessNamed: `Topologies:
   Sub-topology: 0
    Source: Customer_transactions_input_topic (topics: [input])
      --> filter_out_invalid_txns
    Processor: filter_out_invalid_txns (stores: [])
      --> Map_values_to_first_6_characters
      <-- Customer_transactions_input_topic
    Processor: Map_values_to_first_6_characters (stores: [])
      --> Mapped_transactions_output_topic
      <-- filter_out_invalid_txns
    Sink: Mapped_transactions_output_topic (topic: output)
      <-- Map_values_to_first_6_characters

`,
  processorApi: `Topologies:
   Sub-topology: 0
    Source: source (topics: [topic])
      --> proc
    Processor: proc (stores: [store])
      --> sink
      <-- source
    Sink: sink (topic: out)
      <-- proc

`,
  twoSubTopologies: `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [a])
      --> KSTREAM-SINK-0000000001
    Sink: KSTREAM-SINK-0000000001 (topic: b)
      <-- KSTREAM-SOURCE-0000000000

  Sub-topology: 1
    Source: KSTREAM-SOURCE-0000000002 (topics: [c])
      --> KSTREAM-SINK-0000000003
    Sink: KSTREAM-SINK-0000000003 (topic: d)
      <-- KSTREAM-SOURCE-0000000002

`,
  streamStreamJoin: `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [left])
      --> KSTREAM-WINDOWED-0000000002
    Source: KSTREAM-SOURCE-0000000001 (topics: [right])
      --> KSTREAM-WINDOWED-0000000003
    Processor: KSTREAM-WINDOWED-0000000002 (stores: [KSTREAM-JOINTHIS-0000000004-store])
      --> KSTREAM-JOINTHIS-0000000004
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-WINDOWED-0000000003 (stores: [KSTREAM-JOINOTHER-0000000005-store])
      --> KSTREAM-JOINOTHER-0000000005
      <-- KSTREAM-SOURCE-0000000001
    Processor: KSTREAM-JOINOTHER-0000000005 (stores: [KSTREAM-JOINTHIS-0000000004-store])
      --> KSTREAM-MERGE-0000000006
      <-- KSTREAM-WINDOWED-0000000003
    Processor: KSTREAM-JOINTHIS-0000000004 (stores: [KSTREAM-JOINOTHER-0000000005-store])
      --> KSTREAM-MERGE-0000000006
      <-- KSTREAM-WINDOWED-0000000002
    Processor: KSTREAM-MERGE-0000000006 (stores: [])
      --> KSTREAM-SINK-0000000006
      <-- KSTREAM-JOINTHIS-0000000004, KSTREAM-JOINOTHER-0000000005
    Sink: KSTREAM-SINK-0000000006 (topic: out)
      <-- KSTREAM-MERGE-0000000006

`,
  // A table joined with grace: the buffer's store stands before the table's, and a sink before a processor.
  streamTableJoinGrace: `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [left])
      --> Grace
    Processor: Grace (stores: [Grace-Buffer, tbl])
      --> KSTREAM-SINK-0000000006
      <-- KSTREAM-SOURCE-0000000000
    Source: KSTREAM-SOURCE-0000000001 (topics: [right])
      --> KTABLE-SOURCE-0000000002
    Sink: KSTREAM-SINK-0000000006 (topic: out)
      <-- Grace
    Processor: KTABLE-SOURCE-0000000002 (stores: [tbl])
      --> none
      <-- KSTREAM-SOURCE-0000000001

`
}

test('text: a source and a sink are described as by Kafka Streams', () => {
  const topology = defineTopology('t', ({ stream }) => stream(topic('input-topic')).to(topic('output')))

  assert.equal(describe(topology, 'text'), kafkaStreams.sourceSink)
  assert.equal(describe(topology), kafkaStreams.sourceSink)
})

test('text: named stateless operators are described as by Kafka Streams', () => {
  const topology = defineTopology('t', ({ stream }) => {
    stream(topic('input'), { name: 'Customer_transactions_input_topic' })
      .filter(() => true, { name: 'filter_out_invalid_txns' })
      .mapValues(value => value, { name: 'Map_values_to_first_6_characters' })
      .to(topic('output'), { name: 'Mapped_transactions_output_topic' })
  })

  assert.equal(describe(topology, 'text'), kafkaStreams.statelessNamed)
})

test('text: a processor with a store is described as by Kafka Streams', () => {
  const store = defineCounter({ name: 'store', key: ['id'], count: 'n' })
  const proc = defineProcessor({ name: 'proc', input: Type.Unknown(), output: Type.Unknown(), stores: { store }, process: (record, { forward }) => forward(record) })
  const topology = defineTopology('t', ({ stream }) => stream(topic('topic'), { name: 'source' }).process(proc).to(topic('out'), { name: 'sink' }))

  assert.equal(describe(topology, 'text'), kafkaStreams.processorApi)
})

test('text: parts without a connection are sub-topologies, numbered as by Kafka Streams', () => {
  const topology = defineTopology('t', ({ stream }) => {
    stream(topic('a')).to(topic('b'))
    stream(topic('c')).to(topic('d'))
  })

  assert.equal(describe(topology, 'text'), kafkaStreams.twoSubTopologies)
})

test('text: sub-topologies are numbered in the order of their definition, whatever the names of their sources', () => {
  const topology = defineTopology('t', ({ stream }) => {
    stream(topic('a'), { name: 'second' }).to(topic('b'))
    stream(topic('c'), { name: 'first' }).to(topic('d'))
  })

  assert.deepEqual(topology.subTopologies.map(({ id, name }) => [id, name]), [[0, 'second'], [1, 'first']])
})

test('text: merged streams stand before the merge in the order of merging', () => {
  const topology = defineTopology('t', ({ stream }) => {
    const odd = stream(topic('odd'), { name: 'odd' })
    stream(topic('even'), { name: 'even' }).merge(odd, { name: 'all' }).to(topic('out'), { name: 'out' })
  })

  assert.equal(describe(topology, 'text'), `Topologies:
   Sub-topology: 0
    Source: even (topics: [even])
      --> all
    Source: odd (topics: [odd])
      --> all
    Processor: all (stores: [])
      --> out
      <-- even, odd
    Sink: out (topic: out)
      <-- all

`)
})

// Operators that Millrace does not have yet, or may never have, in graphs made by hand: the order is what is tested.
for (const [name, text] of Object.entries(kafkaStreams)) {
  test(`text: the order is that of Kafka Streams (${name})`, () => assert.equal(describeAsText(readDescription(text)), text))
}

test('mermaid: topics are round, stores cylinders, branches words on edges, dead letters dashed', () => {
  assert.equal(describe(withDeadLetters(), 'mermaid'), `flowchart LR
  topic0(["in"]):::topic
  topic1(["dlq"]):::topic
  topic2(["out"]):::topic
  subgraph sub0["in"]
    node1["check"]:::node
    node2{"checked"}:::node
    node6["count"]:::node
    store0[("counts")]:::store
  end
  topic0 --> node1
  node1 --> node2
  node2 -.->|"dlq"| topic1
  node2 -->|"valid"| node6
  node6 --> topic2
  node6 --- store0
  classDef topic fill:#fff3d6,stroke:#b7791f,color:#3d2a00
  classDef node fill:#e8f1fd,stroke:#2b6cb0,color:#10294a
  classDef store fill:#e6f6ec,stroke:#2f855a,color:#0f3321
`)
})

test('dot: the same drawing for Graphviz', () => {
  const dot = describe(withDeadLetters(), 'dot')

  assert.match(dot, /^digraph "t" \{\n {2}rankdir=LR\n/)
  assert.match(dot, /subgraph cluster_sub0 \{\n {4}label="in"\n/)
  assert.match(dot, /node2 -> topic1 \[label="dlq", style=dashed\]/)
  assert.match(dot, /store0 \[label="counts", shape=cylinder,/)
})

test('json: nodes, topics, stores and sub-topologies as data', () => {
  const json = JSON.parse(describe(withDeadLetters(), 'json'))

  assert.deepEqual(Object.keys(json), ['topology', 'subTopologies', 'topics', 'stores'])
  const [only] = json.subTopologies
  assert.deepEqual({ ...only, nodes: only.nodes.map(({ name }: { name: string }) => name) }, {
    id: 0, name: 'in', topics: ['in'], stores: ['counts'], nodes: ['KSTREAM-SOURCE-0000000000', 'check', 'checked', 'checked-valid', 'checked-dlq', 'dead', 'count', 'KSTREAM-SINK-0000000006']
  })
  assert.deepEqual(only.nodes[5], { name: 'dead', kind: 'dead-letter-sink', parents: ['checked-dlq'], stores: [], topic: 'dlq', deadLetterFormat: 'envelope' })
  assert.deepEqual(json.topics, [
    { name: 'in', read: true, written: false, optional: false },
    { name: 'dlq', read: false, written: true, optional: false },
    { name: 'out', read: false, written: true, optional: false }
  ])
  assert.deepEqual(json.stores, [{ name: 'counts', kind: 'counter', key: ['id'] }])
})

test('a description names every node of the recommender, and is the same each time', () => {
  for (const { name } of recommender.nodes) assert.match(describe(recommender), new RegExp(`: ${name} \\(`))
  assert.equal(describe(recommender, 'mermaid'), describe(recommender.configure({}), 'mermaid'))
})

function withDeadLetters () {
  const counts = defineCounter({ name: 'counts', key: ['id'], count: 'n' })
  const count = defineProcessor({ name: 'count', input: Type.String(), output: Type.String(), stores: { counts }, process: (record, { forward }) => forward(record) })
  return defineTopology('t', ({ stream }) => {
    const { valid, dlq } = stream(topic('in')).validate(Type.String(), { name: 'check' }).branch({ valid: isValid, dlq: isRejected }, { name: 'checked' })
    dlq.to(topic('dlq'), { name: 'dead', format: 'envelope' })
    valid.process(count).to(topic('out'))
  })
}

/** The graph behind a description; predecessors in the order printed. */
function readDescription (text: string): { id: number, nodes: Node[] }[] {
  return text.split(/Sub-topology: /).slice(1).map(part => {
    const nodes = new Map<string, Node>()
    const described = part.matchAll(/(Source|Processor|Sink): (\S+) \(\w+: \[?([^\]\n]*?)\]?\)((?:\n {6}.*)*)/g)
    const parts = [...described].map(([, kind = '', name = '', inside = '', arrows = '']) => ({ kind, name, inside, parents: /<-- (.*)/.exec(arrows)?.[1]?.split(', ') ?? [] }))
    const build = (name: string): Node => {
      const found = parts.find(each => each.name === name)
      if (found === undefined) throw new Error(`No node ${name}.`)
      const made: Node = nodes.get(name) ?? {
        index: parts.indexOf(found),
        name,
        kind: found.kind === 'Source' ? 'source' : found.kind === 'Sink' ? 'sink' : 'processor',
        parents: found.parents.map(build),
        stores: found.kind === 'Processor' && found.inside !== '' ? found.inside.split(', ').map(store) : [],
        topic: found.kind === 'Processor' ? undefined : topic(found.inside)
      }
      nodes.set(name, made)
      return made
    }
    return { id: Number.parseInt(part), nodes: parts.map(({ name }) => build(name)) }
  })
}

/** Kafka Streams' store names are not ours to define. */
function store (name: string) {
  return { ...defineCounter({ name: 'any', key: ['id'], count: 'n' }), name }
}
