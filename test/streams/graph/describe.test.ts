import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { recommender } from '../../../topology/recommender.ts'
import { defineCounter, defineProcessor, defineTopic, defineTopology, isRejected, isValid, serdes, timeWindows } from '../../../streams/index.ts'
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
  topic0(["in<br/>text → json"]):::topic
  topic1(["dlq<br/>text → json"]):::topic
  topic2(["out<br/>text → json"]):::topic
  subgraph sub0["in"]
    node1["check"]:::node
    node2{"checked"}:::node
    node6["count"]:::node
    store0[("counts<br/>counter")]:::store
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
  assert.match(dot, /store0 \[label="counts\\ncounter", shape=cylinder,/)
})

test('json: nodes, topics, stores and sub-topologies as data', () => {
  const json = JSON.parse(describe(withDeadLetters(), 'json'))

  assert.deepEqual(Object.keys(json), ['topology', 'subTopologies', 'globalTables', 'topics', 'stores', 'settings'])
  const [only] = json.subTopologies
  assert.deepEqual({ ...only, nodes: only.nodes.map(({ name }: { name: string }) => name) }, {
    id: 0, name: 'in', topics: ['in'], stores: ['counts'], nodes: ['KSTREAM-SOURCE-0000000000', 'check', 'checked', 'checked-valid', 'checked-dlq', 'dead', 'count', 'KSTREAM-SINK-0000000006']
  })
  assert.deepEqual(only.nodes[5], { name: 'dead', kind: 'dead-letter-sink', named: true, handsOn: 'records', parents: ['checked-dlq'], stores: [], topic: 'dlq', deadLetterFormat: 'envelope', calls: null })
  assert.deepEqual(json.topics, [
    { name: 'in', read: true, written: false, optional: false, internal: false, partitions: 6, key: 'text', value: 'json' },
    { name: 'dlq', read: false, written: true, optional: false, internal: false, partitions: 6, key: 'text', value: 'json' },
    { name: 'out', read: false, written: true, optional: false, internal: false, partitions: 6, key: 'text', value: 'json' }
  ])
  assert.deepEqual(json.stores, [{ name: 'counts', kind: 'counter', key: ['id'], named: true, shape: null, keySerde: null, valueSerde: null, retentionMs: null, windows: null }])
})

test('mermaid: changes of tables are thick, internal topics dashed with how many partitions they get, global tables stand by themselves', () => {
  const drawing = describe(withTables(), 'mermaid')

  assert.match(drawing, /topic\d\(\["by-value-repartition<br\/>text → text, partitions as its writers need"\]\):::internal\n/)
  assert.match(drawing, /topic\d\(\["again-repartition<br\/>text → long, 3 partitions"\]\):::internal\n/)
  assert.match(drawing, /store\d\[\("counts<br\/>window of 1 min: text → long, kept 1 min"\)\]/)
  assert.match(drawing, /subgraph sub0\["global table"\]\n {4}global0\["names"\]:::node\n {4}copy0\[\("names-store"\)\]:::store\n/)
  const node = (name: string): string => new RegExp(`(node\\d+)\\["${name}"\\]`).exec(drawing)?.[1] ?? name
  assert.ok(drawing.includes(`  ${node('counted')} ==> ${node('changes')}\n`), drawing)
  assert.ok(drawing.includes(`  copy0 --- ${node('with-names')}\n`), drawing)
})

test('json: what two versions of a topology are compared by', () => {
  const json = JSON.parse(describe(withTables(), 'json'))

  assert.deepEqual(json.globalTables, [{ id: 0, name: 'names', topic: 'people', store: 'names-store', readers: ['with-names'] }])
  assert.deepEqual(json.stores, [{
    name: 'counts', kind: 'ordered', key: ['partition', 'key'], named: true, shape: 'window', keySerde: 'text', valueSerde: 'long', retentionMs: 60_000, windows: { type: 'time', sizeMs: 60_000, advanceMs: 60_000, graceMs: 0 }
  }])
  assert.deepEqual(json.topics.find(({ name }: { name: string }) => name === 'again-repartition'), {
    name: 'again-repartition', read: true, written: true, optional: false, internal: true, partitions: 3, key: 'text', value: 'long'
  })
  assert.deepEqual(json.settings, [{ name: 'LIMIT', default: 3, description: 'how many' }])
  assert.deepEqual(json.subTopologies.flatMap(({ nodes }: { nodes: { name: string, handsOn: string }[] }) => nodes).filter(({ handsOn }: { handsOn: string }) => handsOn === 'changes').map(({ name }: { name: string }) => name), ['counted'])
})

test('a description names every node of the recommender, and is the same each time', () => {
  for (const { name } of recommender.nodes) assert.match(describe(recommender), new RegExp(`: ${name} \\(`))
  assert.equal(describe(recommender, 'mermaid'), describe(recommender.configure({}), 'mermaid'))
})

function withTables () {
  const settings = Type.Object({ LIMIT: Type.Integer({ default: 3, description: 'how many' }) })
  return defineTopology('t', { settings }, ({ stream, globalTable }) => {
    const names = globalTable(topic('people'), { name: 'names', store: { name: 'names-store' } })
    const records = stream(defineTopic({ name: 'in', value: serdes.string })).join(names, value => value, { name: 'with-names', keyMapper: value => value })
    records.groupBy(value => value, { name: 'by-value', value: serdes.string }).windowedBy(timeWindows({ sizeMs: 60_000 }))
      .count({ name: 'counted', store: { name: 'counts' } }).toStream((_, { key }) => key, { name: 'changes' }).repartition({ name: 'again', partitions: 3 }).to(topic('out'))
  })
}

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
        topology: 'described',
        parents: found.parents.map(build),
        stores: found.kind === 'Processor' && found.inside !== '' ? found.inside.split(', ').map(store) : [],
        topic: found.kind === 'Processor' ? undefined : topic(found.inside),
        topics: found.kind === 'Source' ? [topic(found.inside)] : []
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
