import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, joinWindows, serdes, timeWindows, unlimitedWindows, type TopologyBuilder } from '../../../streams/index.ts'
import type { Optimization } from '../../../streams/graph/logical-graph.ts'
import { internalTopicsOf, topicName } from '../../../streams/graph/topic-names.ts'
import { TopologyError } from '../../../streams/errors.ts'

const topic = (name: string) => defineTopic({ name, key: serdes.string, value: serdes.string })
const windows = joinWindows({ timeDifferenceMs: 10 })
const both = (left: string, right: string): string => left + right

/** The internal topics of a topology on the cluster, by name. */
function internal (build: (builder: TopologyBuilder<object>) => void, optimization: Optimization = 'none'): readonly string[] {
  const topology = defineTopology('names', { optimization }, build)
  return internalTopicsOf(topology).map(topic => topicName(topic, 'app')).sort()
}

const rekeyed = ({ stream }: TopologyBuilder<object>, name = 'in') => stream(topic(name)).selectKey((_value, key) => `${key}`)

test('a repartition topic has the name that was given, else that of the store, behind the application id', () => {
  assert.deepEqual(internal(builder => { rekeyed(builder).groupByKey({ name: 'kstream-grouping' }).count() }), ['app-kstream-grouping-repartition'])
  assert.deepEqual(internal(builder => { rekeyed(builder).groupByKey({ name: 'time-window-grouping' }).windowedBy(timeWindows({ sizeMs: 10 })).count() }), ['app-time-window-grouping-repartition'])
  assert.deepEqual(internal(builder => { builder.table(topic('in')).groupBy((value, key) => [key, value], { name: 'ktable-group-by' }).count() }), ['app-ktable-group-by-repartition'])
  assert.deepEqual(internal(builder => { rekeyed(builder).repartition({ name: 'shuffle' }) }), ['app-shuffle-repartition'])
  assert.deepEqual(internal(builder => { rekeyed(builder).groupByKey().count({ store: { name: 'counts' } }) }), ['app-counts-repartition'])
  assert.deepEqual(internal(builder => { rekeyed(builder).groupByKey().count() }), ['app-KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition'])
})

test('the two sides of a join are named after it', () => {
  const names = internal(builder => { rekeyed(builder, 'a').join(rekeyed(builder, 'b'), both, { windows, name: 'my-join' }) })

  assert.deepEqual(names, ['app-my-join-left-repartition', 'app-my-join-right-repartition'])
})

test('the same name for two groupings is refused when the topology is built', () => {
  assert.throws(() => internal(builder => {
    rekeyed(builder, 'a').groupByKey({ name: 'grouping' }).count()
    rekeyed(builder, 'b').groupByKey({ name: 'grouping' }).count()
  }), TopologyError)
})

test('the same name for two joins is refused when the topology is built', () => {
  assert.throws(() => internal(builder => {
    rekeyed(builder, 'a').join(rekeyed(builder, 'b'), both, { windows, name: 'join' })
    rekeyed(builder, 'c').join(rekeyed(builder, 'd'), both, { windows, name: 'join' })
  }), TopologyError)
})

test('aggregates of one grouping share a topic where it was named, and have one each where not', () => {
  const two = (name?: string) => internal(builder => {
    const grouped = rekeyed(builder).groupByKey(name === undefined ? {} : { name })
    grouped.count()
    grouped.reduce(both)
  })

  assert.deepEqual(two('grouping'), ['app-grouping-repartition'])
  assert.equal(two().length, 2)
})

test('optimized, what is made of one re-keyed stream needs one repartition topic', () => {
  const all = (optimization: Optimization) => internal(builder => {
    const stream = builder.stream(topic('in')).selectKey((_value, key) => key)
    stream.groupByKey().count()
    stream.groupByKey().aggregate(() => '', both)
    stream.groupByKey().reduce(both)
    stream.join(builder.stream(topic('other')), both, { windows })
  }, optimization)

  assert.equal(all('none').length, 4)
  assert.equal(all('all').length, 1)
})

test('windows that never close cannot be emitted when they do', () => {
  assert.throws(() => internal(({ stream }) => {
    stream(topic('in')).groupByKey().windowedBy(unlimitedWindows({ startMs: 0 })).emitStrategy('on-window-close').count()
  }), /An unlimited window never closes/)
})

test('a stream-table join with grace needs a versioned table with as long a history', () => {
  const join = (historyRetentionMs: number | undefined, derive: boolean) => internal(({ stream, table }) => {
    const right = table(topic('right'), historyRetentionMs === undefined ? {} : { store: { historyRetentionMs } })
    stream(topic('left')).join(derive ? right.filter(() => true).mapValues(value => value) : right, both, { graceMs: 10 })
  })

  for (const derive of [false, true]) {
    assert.throws(() => join(undefined, derive), /has to be versioned/)
    assert.throws(() => join(9, derive), /history is only 9 ms/)
    assert.doesNotThrow(() => join(10, derive))
  }
})

test('the result of a filter, mapValues or a join of tables can keep versions of its own', () => {
  assert.doesNotThrow(() => internal(({ stream, table }) => {
    const store = (name: string) => ({ store: { name, historyRetentionMs: 10 } })
    const [left, right] = [table(topic('left')), table(topic('right'))]
    for (const each of [left.filter(() => true, store('filtered')), left.mapValues(value => value, store('mapped')), left.join(right, both, store('joined')), left.join(right, both, { foreignKey: (value: string) => value, ...store('by-key') })]) {
      stream(topic('in')).join(each, both, { graceMs: 10 })
    }
  }))
})
