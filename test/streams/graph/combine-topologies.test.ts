import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { combineTopologies, defineInternalTopic, defineTopic, defineTopology, isRejected, isValid, joinWindows, serdes, TopologyError, topicPattern, type Topology, type TopologyBuilder } from '../../../streams/index.ts'
import { describeAsJson } from '../../../streams/graph/describe/json.ts'
import { describe, lint } from '../../../streams/runtime.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const texts = (name: string) => defineTopic({ name, value: serdes.string })
const [words, names, titles, shouts] = [texts('words'), texts('names'), texts('titles'), texts('shouts')]
const [lengths, greetings, dead, alsoDead] = [texts('lengths'), texts('greetings'), texts('dead'), texts('also-dead')]
type Texts = ReturnType<typeof texts>

const measuring = defineTopology('measuring', { deadLetters: { topic: dead, format: 'raw' } }, ({ stream }) => {
  stream(words).filter(word => word !== null).groupBy(word => String(word.length)).count().toStream().mapValues(count => String(count)).to(lengths)
})

const greeting = defineTopology('greeting', { deadLetters: { topic: alsoDead, format: 'raw' } }, ({ stream, table }) => {
  stream(names).filter(name => name !== null).groupByKey().reduce((_last, name) => name, { store: { name: 'last_names' } }).toStream().to(greetings)
  stream(shouts).join(table(titles), (shout, title) => {
    if (shout === 'fail') throw new Error('cannot be joined')
    return `${title} ${shout}`
  }).to(greetings)
})

const shouting = defineTopology('shouting', ({ stream }) => {
  stream(texts('whispers')).join(stream(texts('murmurs')), (left, right) => `${left}${right}`.toUpperCase(), { windows: joinWindows({ timeDifferenceMs: 10 }) }).to(shouts)
})

async function drive (topology: Topology, feed: readonly (readonly [Texts, string, string])[], output: Texts): Promise<unknown> {
  const driver = createTestDriver(topology)
  for (const [topic, key, value] of feed) await driver.topic(topic).pipe(key, value)
  return await driver.output(output).readAll()
}

test('topologies that are combined do together what each does alone', async () => {
  const both = combineTopologies('both', [measuring, greeting])
  const [feedOne, feedOther] = [[[words, 'a', 'one'], [words, 'b', 'two'], [words, 'a', 'three']], [[names, 'x', 'Ada'], [titles, 'x', 'Countess'], [shouts, 'x', 'hear'], [names, 'x', 'Grace']]] as const

  deepEqual(await drive(both, [...feedOne, ...feedOther], lengths), await drive(measuring, feedOne, lengths))
  deepEqual(await drive(both, [...feedOther, ...feedOne], greetings), await drive(greeting, feedOther, greetings))
})

test('a combination is described as one graph in the order of its topologies; numbered names bear the name of theirs', () => {
  const titled = defineTopology('titled', ({ table }) => { table(titles).toStream().to(greetings) })

  equal(describe(combineTopologies('both', [shouting, titled])), `Topologies:
   Sub-topology: 0
    Source: shouting-KSTREAM-SOURCE-0000000000 (topics: [whispers])
      --> shouting-KSTREAM-WINDOWED-0000000002
    Source: shouting-KSTREAM-SOURCE-0000000001 (topics: [murmurs])
      --> shouting-KSTREAM-WINDOWED-0000000003
    Processor: shouting-KSTREAM-WINDOWED-0000000002 (stores: [shouting-KSTREAM-JOINTHIS-0000000004-store])
      --> shouting-KSTREAM-JOINTHIS-0000000004
      <-- shouting-KSTREAM-SOURCE-0000000000
    Processor: shouting-KSTREAM-WINDOWED-0000000003 (stores: [shouting-KSTREAM-JOINOTHER-0000000005-store])
      --> shouting-KSTREAM-JOINOTHER-0000000005
      <-- shouting-KSTREAM-SOURCE-0000000001
    Processor: shouting-KSTREAM-JOINOTHER-0000000005 (stores: [shouting-KSTREAM-JOINTHIS-0000000004-store])
      --> shouting-KSTREAM-MERGE-0000000006
      <-- shouting-KSTREAM-WINDOWED-0000000003
    Processor: shouting-KSTREAM-JOINTHIS-0000000004 (stores: [shouting-KSTREAM-JOINOTHER-0000000005-store])
      --> shouting-KSTREAM-MERGE-0000000006
      <-- shouting-KSTREAM-WINDOWED-0000000002
    Processor: shouting-KSTREAM-MERGE-0000000006 (stores: [])
      --> shouting-KSTREAM-SINK-0000000007
      <-- shouting-KSTREAM-JOINTHIS-0000000004, shouting-KSTREAM-JOINOTHER-0000000005
    Sink: shouting-KSTREAM-SINK-0000000007 (topic: shouts)
      <-- shouting-KSTREAM-MERGE-0000000006

  Sub-topology: 1
    Source: titled-KSTREAM-SOURCE-0000000001 (topics: [titles])
      --> titled-KTABLE-SOURCE-0000000002
    Processor: titled-KTABLE-SOURCE-0000000002 (stores: [])
      --> titled-KTABLE-TOSTREAM-0000000003
      <-- titled-KSTREAM-SOURCE-0000000001
    Processor: titled-KTABLE-TOSTREAM-0000000003 (stores: [])
      --> titled-KSTREAM-SINK-0000000004
      <-- titled-KTABLE-SOURCE-0000000002
    Sink: titled-KSTREAM-SINK-0000000004 (topic: greetings)
      <-- titled-KTABLE-TOSTREAM-0000000003

`)
})

/** What positions, tables, times and internal topics are found by. */
function namesOf (topology: Topology): string[] {
  const { subTopologies, stores, topics } = describeAsJson(topology)
  return [...subTopologies.flatMap(({ name, nodes }) => [`sub-topology ${name}`, ...nodes.map(({ name }) => `node ${name}`)]), ...stores.map(({ name }) => `store ${name}`), ...topics.map(({ name }) => `topic ${name}`)]
}

test('adding a topology, before or behind the others, changes no name of theirs; nor does taking one away', () => {
  const before = namesOf(combineTopologies('app', [measuring, greeting]))

  for (const more of [[measuring, greeting, shouting], [shouting, measuring, greeting], [measuring, shouting, greeting]]) {
    const after = combineTopologies('app', more)
    deepEqual(before.filter(name => !namesOf(after).includes(name)), [])
    deepEqual(lint({ topology: after, environment: {}, partitionCounts: undefined, earlier: describeAsJson(combineTopologies('app', [measuring, greeting])) }).filter(({ severity }) => severity === 'error'), [])
  }
  ok(before.includes('topic measuring-KSTREAM-AGGREGATE-STATE-STORE-0000000003-repartition'))
  deepEqual(namesOf(combineTopologies('app', [combineTopologies('inner', [measuring]), greeting])), before)
})

const named = defineTopology('named', ({ stream, table }) => {
  stream(words, { name: 'spoken' }).filter(word => word !== null, { name: 'there' }).groupBy(word => word, { name: 'by-word' }).count({ name: 'count', store: { name: 'counts' } })
  stream(names, { name: 'called' }).join(table(titles, { name: 'titles', store: { name: 'titles' } }), name => name ?? '', { name: 'entitled' }).to(greetings, { name: 'greetings' })
})

test('names that were given stay what they are alone, so that what ran alone goes on in a combination', () => {
  const combined = namesOf(combineTopologies('app', [named, measuring]))

  deepEqual(namesOf(named).filter(name => !combined.includes(name)), [])
})

test('of a source that several read the name that the first of them gives counts; lint --against says where that is another one', () => {
  const findings = (before: readonly Topology[], after: readonly Topology[]): string[] =>
    lint({ topology: combineTopologies('app', after), environment: {}, partitionCounts: undefined, earlier: describeAsJson(combineTopologies('app', before)) }).filter(({ severity }) => severity === 'error').map(({ node }) => node)

  deepEqual(findings([named], [named, measuring]), [])
  deepEqual(findings([named], [measuring, named]), ['spoken'])
  // A join of what two topologies read each by itself makes one sub-topology of theirs.
  const joining = defineTopology('joining', ({ stream }) => { stream(words).join(stream(shouts), left => left ?? '', { windows: joinWindows({ timeDifferenceMs: 10 }) }).to(lengths) })
  const shoutsToo = defineTopology('shouts-too', ({ stream }) => { stream(shouts).to(greetings) })
  deepEqual(findings([measuring, shoutsToo], [measuring, shoutsToo, joining]), ['shouts'])
  deepEqual(findings([measuring, shoutsToo, joining], [measuring, shoutsToo]), ['words'])
})

test('the same several topics, and the same pattern, are one source too, whichever topologies read them', async () => {
  const pattern = topicPattern({ matching: /word-.*/, value: serdes.string })
  const passing = (name: string, topics: readonly Texts[]): Topology => defineTopology(name, ({ stream }) => {
    stream(topics).to(texts(`${name}-out`))
    stream(pattern).to(texts(`${name}-found`))
  })
  const topology = combineTopologies('both', [passing('one', [words, names]), passing('other', [names, words])])
  const driver = createTestDriver(topology)
  for (const topic of [words, names, texts('word-1')]) await driver.topic(topic).pipe('k', topic.name)

  deepEqual(topology.sources.map(({ topics, pattern }) => [topics.map(({ name }) => name), pattern?.pattern]), [[['words', 'names'], undefined], [[], 'word-.*']])
  for (const name of ['one', 'other']) {
    deepEqual(await driver.output(texts(`${name}-out`)).readValues(), ['words', 'names'])
    deepEqual(await driver.output(texts(`${name}-found`)).readValues(), ['word-1'])
  }
})

test('a topic of which several read a stream is read once, by all in their order', async () => {
  const seen: string[] = []
  const looking = (name: string): Topology => defineTopology(name, ({ stream }) => { stream(words).peek(({ value }) => { seen.push(`${name} ${value}`) }).to(texts(`${name}-out`)) })
  const topology = combineTopologies('both', [looking('one'), looking('other')])
  const driver = createTestDriver(topology, { debug: false })

  for (const word of ['first', 'second']) await driver.topic(words).pipe('k', word)

  deepEqual(topology.subTopologies.map(({ name, topics }) => [name, topics]), [['words', ['words']]])
  deepEqual(seen, ['one first', 'other first', 'one second', 'other second'])
  deepEqual(await driver.output(texts('other-out')).readValues(), ['first', 'second'])
})

test('what cannot be processed goes where its own topology says; of a topic that several read, where the first of them says, once and for all', async () => {
  const failing = defineTopology('failing', ({ stream }) => {
    stream(words).mapValues(word => {
      if (word === 'fail') throw new Error('I do not like it')
      return word ?? ''
    }).to(shouts)
  })
  const driver = createTestDriver(combineTopologies('all', [failing, measuring, greeting]))
  await driver.topic(titles).pipe('x', 'Lady')

  await driver.topic(words).pipe('k', 'fail')
  await driver.topic(words).pipe('k', 'good')
  await driver.topic(shouts).pipe('x', 'fail')

  deepEqual((await driver.deadLetters()).map(({ topic, node, source }) => [topic, node, source.topic]), [
    ['dead', 'failing-KSTREAM-MAPVALUES-0000000001', 'words'], ['also-dead', 'greeting-KSTREAM-JOIN-0000000009', 'shouts']
  ])
  deepEqual((await driver.output(lengths).readAll()).map(({ key, value }) => [key, value]), [['4', '1']])
})

test('what one topology cannot validate it alone is given as rejected', async () => {
  const strict = defineTopology('strict', ({ stream }) => {
    const { valid, rest } = stream(defineTopic({ name: 'words', value: serdes.string })).validate(Type.String({ maxLength: 3 }), { name: 'short' }).branch({ valid: isValid, rest: isRejected }, { name: 'fits' })
    valid.to(texts('short'))
    rest.to(defineTopic({ name: 'dead' }), { format: 'raw' })
  })
  const driver = createTestDriver(combineTopologies('both', [measuring, strict]))

  for (const word of ['yes', 'certainly']) await driver.topic(words).pipe('k', word)

  deepEqual(await driver.output(texts('short')).readValues(), ['yes'])
  deepEqual((await driver.output(lengths).readAll()).map(({ key }) => key), ['3', '9'])
  deepEqual((await driver.deadLetters()).map(({ node }) => node), ['short'])
})

const between = defineInternalTopic({ name: 'between', key: serdes.string, value: serdes.string })
const sending = defineTopology('sending', ({ stream }) => { stream(words).filter(word => word !== null).to(between) })
const receiving = defineTopology('receiving', ({ stream }) => { stream(between).groupByKey().count({ store: { name: 'received' } }).toStream().mapValues(String).to(lengths) })

test('one topology hands on to another through an internal topic that both know, counted once through a crash', async () => {
  const driver = createTestDriver(combineTopologies('both', [sending, receiving]))

  await driver.topic(words).pipe('k', 'one')
  driver.crashAt('produced')
  await driver.topic(words).pipe('k', 'two')
  await driver.restart()

  deepEqual(await driver.output(lengths).readValues(), ['1', '2'])
  equal(await driver.store('received').get('k'), 2)
})

const Factor = Type.Integer({ default: 2, description: 'How often.' })
const repeating = (name: string, from: Texts, to: Texts, schema = Factor): Topology => {
  const end = `${name.toUpperCase()}_END`
  return defineTopology(name, { settings: Type.Object({ FACTOR: schema, [end]: Type.String({ default: '.' }) }) }, ({ stream, settings }) => {
    stream(from).mapValues(text => (text ?? '').repeat(Number(settings['FACTOR'])) + String(settings[end])).to(to)
  })
}

test('settings are those of all topologies, and are given to all; what one was configured with before it keeps', async () => {
  const combined = combineTopologies('both', [repeating('one', words, lengths), repeating('other', names, greetings).configure({ OTHER_END: '!' })])
  deepEqual(Object.keys(combined.settings.properties), ['FACTOR', 'ONE_END', 'OTHER_END'])
  deepEqual(describeAsJson(combined).settings[0], { name: 'FACTOR', default: 2, description: 'How often.' })

  const driver = createTestDriver(combined.configure({ FACTOR: 3, ONE_END: '?' }))
  await driver.topic(words).pipe('k', 'a')
  await driver.topic(names).pipe('k', 'b')

  deepEqual(await driver.output(lengths).readValues(), ['aaa?'])
  deepEqual(await driver.output(greetings).readValues(), ['bbb!'])
})

test('options count for the topology that has them', async () => {
  const wrapped: string[] = []
  const one = defineTopology('one', {
    wrapProcessor (wire, node) {
      wrapped.push(node.name)
      return wire
    }
  }, ({ stream }) => { stream(words, { name: 'in' }).to(lengths, { name: 'out' }) })
  const twoCounts = (topic: Texts) => ({ stream }: TopologyBuilder<object>): void => {
    const rekeyed = stream(topic).selectKey(value => value ?? '')
    for (const which of ['first', 'second']) rekeyed.groupByKey().count({ store: { name: `${topic.name}-${which}` } })
  }
  const combined = combineTopologies('all', [one, defineTopology('two', twoCounts(names)), defineTopology('three', { optimization: 'all' }, twoCounts(shouts))])

  await createTestDriver(combined).topic(words).pipe('k', 'v')

  deepEqual([...new Set(wrapped)], ['in', 'out'])
  deepEqual(describeAsJson(combined).topics.filter(({ internal }) => internal).map(({ name }) => name).sort(), ['shouts-first-repartition', 'names-first-repartition', 'names-second-repartition'].sort())
})

test('only a topology that demands explicit names is held to them', () => {
  const strict = defineTopology('strict', { ensureExplicitNames: true }, ({ stream }) => { stream(names).to(greetings) })

  combineTopologies('both', [strict, measuring])
})

const clashes: readonly (readonly [string, readonly Topology[], RegExp])[] = [
  ['nodes of one name', ['t0', 't1'].map(name => defineTopology(name, ({ stream }) => { stream(words).to(lengths, { name: 'end' }) })),
    /Topologies 't0' and 't1' have two nodes named 'end'; give one another name/],
  ['stores of one name', ['t0', 't1'].map(name => defineTopology(name, ({ stream }) => { stream(words).groupByKey().count({ store: { name: 'counts' } }) })),
    /Topologies 't0' and 't1' have two stores named 'counts'; .*give one another name/],
  ['internal topics of one name', [words, names].map((topic, index) => defineTopology(`t${index}`, ({ stream }) => { stream(topic).to(defineInternalTopic({ name: 'between', key: serdes.string, value: serdes.string })) })),
    /Topologies 't0' and 't1' have two internal topics named 'between'/],
  ['a stream and a table of one topic', [defineTopology('t0', ({ stream }) => { stream(words).to(lengths) }), defineTopology('t1', ({ table }) => { table(words).toStream().to(lengths) })],
    /Topologies 't0' and 't1' have two sources of topic 'words', 't0-KSTREAM-SOURCE-0000000000' and 't1-KSTREAM-SOURCE-0000000001'.*toStream\(\)/],
  ['streams of which only some topics are the same', [[words, names], [words]].map((topics, index) => defineTopology(`t${index}`, ({ stream }) => { stream(topics).to(lengths) })),
    /Topologies 't0' and 't1' have two sources of topic 'words', 't0-KSTREAM-SOURCE-0000000000' of words, names and 't1-KSTREAM-SOURCE-0000000000'.*give both streams the same topics/],
  ['a topic that the pattern of another topology matches', [words, topicPattern({ matching: /w.*/, value: serdes.string })].map((read, index) => defineTopology(`t${index}`, ({ stream }) => { stream(read).to(lengths) })),
    /Topologies 't1' and 't0' have two sources of topic 'words', 't0-.*' and 't1-.*' with the pattern/],
  ['streams of one topic from two places', (['earliest', 'latest'] as const).map(offsetReset => defineTopology(offsetReset, ({ stream }) => { stream(words, { offsetReset }).to(lengths) })),
    /Topology 'clashing' reads topic 'words' from two places, earliest and latest/],
  ['settings of two forms', [repeating('t0', words, lengths), repeating('t1', names, greetings, Type.Integer({ default: 3 }))], /Topology 'clashing' has the setting FACTOR in two forms, the second in 't1'/],
  ['one that may be left out, and one that may not', [Type.String({ default: '' }), Type.Optional(Type.String({ default: '' }))].map((form, index) => defineTopology(`t${index}`, { settings: Type.Object({ END: form }) }, ({ stream }) => { stream(words).to(lengths) })),
    /the setting END in two forms/],
  ['one topology twice', [measuring, measuring.configure({})], /Topology 'clashing' combines two topologies named 'measuring'/],
  ['no topologies', [], /combines no topologies/],
  ['a topology whose name is none of a topic', [defineTopology('two words', ({ stream }) => { stream(words).to(lengths) })], /has the name 'two words-'/]
]

for (const [what, topologies, message] of clashes) {
  test(`refused: ${what}`, () => throws(() => combineTopologies('clashing', topologies), (error: unknown) => {
    ok(error instanceof TopologyError)
    match(error.message, message)
    return true
  }))
}
