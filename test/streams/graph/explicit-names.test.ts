import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, joinWindows, TopologyError, type TopologyBuilder } from '../../../streams/index.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const rows = defineTopic({ name: 'rows', value: serdes.string })

const build = (graph: (builder: TopologyBuilder<object>) => void) => defineTopology('named', { ensureExplicitNames: true }, graph)

test('numbered stores and internal topics are refused, all of them at once, and said how to name', () => {
  assert.throws(
    () => build(({ stream, table }) => {
      stream(words).selectKey(value => value ?? '').groupByKey().count()
      stream(words).leftJoin(table(rows), value => value)
    }),
    (error: unknown) => error instanceof TopologyError &&
      /stores KSTREAM-AGGREGATE-STATE-STORE-\d{10}, rows-STATE-STORE-\d{10} \(give them a name with store: \{ name \}\)/.test(error.message) &&
      /internal topics KSTREAM-AGGREGATE-STATE-STORE-\d{10}-repartition/.test(error.message)
  )
  assert.throws(() => build(({ stream }) => { stream(words).join(stream(rows), value => value, { windows: joinWindows({ timeDifferenceMs: 1 }) }) }), /stores KSTREAM-JOINTHIS-/)
})

test('with names it is built, and nodes without state need none', () => {
  build(({ stream, table }) => {
    stream(words).mapValues(value => value).selectKey(value => value ?? '').groupByKey({ name: 'by-word' }).count({ store: { name: 'counts' } })
    stream(words).leftJoin(table(rows, { store: { name: 'rows' } }), value => value)
    table(defineTopic({ name: 'not-kept' })).toStream().foreach(() => {})
  })
})
