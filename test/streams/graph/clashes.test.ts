import { throws } from 'node:assert/strict'
import { test } from 'node:test'
import { defineInternalTopic, defineTopic, defineTopology, serdes, TopologyError, type TopologyBuilder } from '../../../streams/index.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const others = defineTopic({ name: 'others', value: serdes.string })
const out = defineTopic({ name: 'out', value: serdes.string })

function refuses (build: (builder: TopologyBuilder<object>) => void, message: RegExp): void {
  throws(() => defineTopology('clashing', build), (error: unknown) => error instanceof TopologyError && message.test(error.message))
}

test('a topic is read once: a table of it stands beside no stream and no other table', () => {
  refuses(({ stream, table }) => {
    stream(words).to(out)
    table(words).toStream().to(out)
  }, /Topology 'clashing' has two sources of topic 'words', 'KSTREAM-SOURCE-0000000000' and 'KSTREAM-SOURCE-0000000003'.*toStream\(\)/)
  refuses(({ table }) => {
    for (const name of ['one', 'other']) table(words, { name }).toStream().to(out)
  }, /two sources of topic 'words', 'one-source' and 'other-source'/)
})

test('two global tables have two stores', () => {
  refuses(({ stream, globalTable }) => {
    globalTable(words, { name: 'unread', store: { name: 'words' } })
    stream(out).join(globalTable(others, { store: { name: 'words' } }), value => value, { keyMapper: value => value ?? '' }).to(out)
  }, /two stores named 'words'/)
})

test('an internal topic is defined once', () => {
  const between = (): ReturnType<typeof defineInternalTopic<string, string>> => defineInternalTopic({ name: 'between', key: serdes.string, value: serdes.string })
  refuses(({ stream }) => {
    stream(words).filter(value => value !== null).to(between())
    stream(between()).to(out)
  }, /two internal topics named 'between'/)
})

test('no two sub-topologies keep their positions by one name', () => {
  refuses(({ stream }) => {
    stream(words, { name: 'others' }).to(out)
    stream(others).to(out)
  }, /two sub-topologies named 'others'.*give the source of 'others' another one/)
})
