import { Type } from 'typebox'
import { defineProcessor, defineTopic, topicPattern, type Stream, type TopologyBuilder } from '../../../streams/index.ts'
import { defineOrdered } from '../../../streams/stores/ordered.ts'
import { long } from '../../../streams/serdes/long.ts'
import { text } from '../../../streams/serdes/text.ts'
import { timeWindowed } from '../../../streams/serdes/windowed.ts'
import { joinWindows } from '../../../streams/windows/join-windows.ts'
import { sessionWindows } from '../../../streams/windows/session-windows.ts'
import { slidingWindows } from '../../../streams/windows/sliding-windows.ts'
import { timeWindows } from '../../../streams/windows/time-windows.ts'

/** Programs with names and without, each written for Kafka Streams too, whose description of it is in `kafka-descriptions.json`. */

type Program = (builder: TopologyBuilder<object>) => void
type Streams = Pick<TopologyBuilder<object>, 'stream'>

const topic = (name: string) => defineTopic({ name, value: text })
const orders = topicPattern({ matching: /orders-.*/, value: text })
const windowedCounts = defineTopic({ name: 'out', key: timeWindowed(text, 5), value: long })
const numbers = (name: string) => defineTopic({ name, value: long })
const ten = joinWindows({ timeDifferenceMs: 10_000 })
const five = timeWindows({ sizeMs: 5 })
const fiveSliding = slidingWindows({ timeDifferenceMs: 5 })
const fiveSessions = sessionWindows({ inactivityGapMs: 5 })
const both = (left: string | null, right: string | null): string => `${left}${right}`
const first = (one: string): string => one
const add = (aggregate: string, value: string): string => aggregate + value
const empty = (): string => ''
const rekey = (_: unknown, key: string | null): string | null => key
const always = (): boolean => true
const same = (value: string | null): string | null => value
const sameRow = (value: string): string => value
const isText = (value: string | null): value is string | null => value !== undefined
const rekeyed = ({ stream }: Streams, name: string): Stream<string | null, string | null> => stream(topic(name)).selectKey(rekey)
const storeOf = (name: string) => defineOrdered({ name, value: text })
const processor = (name: string, ...stores: ReturnType<typeof storeOf>[]) => defineProcessor({
  name, input: Type.Any(), output: Type.String(), stores: Object.fromEntries(stores.map(store => [store.name, store])), process () {}
})
const foreignKey = (value: string): string => value

export const kafkaPrograms: Readonly<Record<string, Program>> = {
  'stateless-unnamed' ({ stream }) {
    const other = stream(topic('other'))
    stream(topic('in')).filter(always).filterNot(always).mapValues(same).flatMapValues(value => [value]).map((value, key) => [key, value])
      .flatMap((value, key) => [[key, value]]).selectKey(rekey).peek(() => {}).merge(other).to(topic('out'))
  },
  'stateless-all-named' ({ stream }) {
    const other = stream(topic('other'), { name: 'other-source' })
    stream(topic('in'), { name: 'in-source' }).filter(always, { name: 'f' }).filterNot(always, { name: 'fn' }).mapValues(same, { name: 'mv' })
      .flatMapValues(value => [value], { name: 'fmv' }).map((value, key) => [key, value], { name: 'm' }).flatMap((value, key) => [[key, value]], { name: 'fm' })
      .selectKey(rekey, { name: 'sk' }).peek(() => {}, { name: 'p' }).merge(other, { name: 'mg' }).to(topic('out'), { name: 'out-sink' })
  },
  ends ({ stream }) {
    const records = stream(topic('in'))
    records.foreach(() => {})
    records.print()
    records.foreach(() => {}, { name: 'each' })
    records.print({ name: 'printed' })
    records.to(topic('a'))
    records.to(topic('b'))
  },
  'branch-named' ({ stream }) {
    const { valid, dlq } = stream(topic('in')).branch({ valid: isText, dlq: isText }, { name: 'checked' })
    dlq.to(topic('dlq'))
    valid.mapValues(same).to(topic('out'))
  },
  'branch-unnamed' ({ stream }) {
    const { one, two, three } = stream(topic('in')).branch({ one: isText, two: isText, three: isText })
    for (const each of [one, two, three]) each.groupByKey().count()
  },
  'groups-named' ({ stream }) {
    const records = stream(topic('in'))
    const byValue = records.groupBy(value => value, { name: 'by-value' })
    byValue.count()
    byValue.reduce(first)
    const again = records.selectKey(value => value).groupByKey({ name: 'again' })
    again.count({ name: 'counted' })
    again.aggregate(empty, add, { name: 'joined-up', store: { name: 'kept' } })
  },
  'groups-unnamed' ({ stream }) {
    const group = stream(topic('in')).groupBy(value => value)
    group.count()
    group.reduce(first)
    group.aggregate(empty, add)
    group.count({ store: { name: 'by-name' } })
  },
  'groups-with-windows' (builder) {
    const group = rekeyed(builder, 'in').groupByKey()
    group.windowedBy(five).count()
    group.windowedBy(five).count({ store: { name: 'tumbled' } })
    group.windowedBy(fiveSessions).count({ name: 'sessions' })
    group.windowedBy(fiveSliding).count()
    group.windowedBy(five).emitStrategy('on-window-close').reduce(first, { name: 'finals', store: { name: 'final-store' } })
  },
  cogroup ({ stream }) {
    const a = stream(topic('a')).groupByKey()
    const c = stream(topic('c')).groupByKey()
    a.cogroup(add).cogroup(c, add).aggregate(empty).toStream().to(topic('out'))
  },
  'cogroup-named-rekeyed' (builder) {
    const a = rekeyed(builder, 'a').groupByKey({ name: 'left' })
    const c = rekeyed(builder, 'c').groupByKey()
    a.cogroup(add).cogroup(c, add).aggregate(empty, { name: 'together', store: { name: 'kept' } }).toStream().to(topic('out'))
  },
  'cogroup-windowed' (builder) {
    const a = builder.stream(topic('a')).groupByKey()
    const c = rekeyed(builder, 'c').groupByKey()
    const d = builder.stream(topic('d')).groupByKey()
    a.cogroup(add).cogroup(c, add).cogroup(d, add).windowedBy(five).aggregate(empty)
    a.cogroup(add).cogroup(d, add).windowedBy(fiveSessions).aggregate(empty, first, { name: 'sessions' })
  },
  'tables-named' ({ table }) {
    const rows = table(topic('in'), { name: 'rows', store: { name: 'rows-store' } })
    rows.filter(always, { name: 'f' }).mapValues(sameRow, { name: 'mv', store: { name: 'mapped' } }).filterNot(always, { name: 'fn', store: { name: 'filtered' } })
      .toStream({ name: 'changes' }).to(topic('out'), { name: 'sink' })
    rows.groupBy((value, key) => [value, key], { name: 'by-value' }).count({ name: 'counted', store: { name: 'counts' } })
  },
  'tables-unnamed' ({ table }) {
    const rows = table(topic('in'))
    rows.mapValues(sameRow).filterNot(always).toStream((value: string | null) => value).groupByKey().count()
    const group = rows.groupBy((value, key) => [value, key])
    group.count()
    group.reduce(first, first)
    group.aggregate(empty, add, add)
  },
  'table-groups-share-a-name' ({ table }) {
    const group = table(topic('in')).groupBy((value, key) => [value, key], { name: 'grouped' })
    group.count({ store: { name: 'counts' } })
    group.reduce(first, first, { store: { name: 'reduced' } })
  },
  'to-table-rekeyed' (builder) {
    const records = rekeyed(builder, 'in')
    records.toTable()
    records.toTable({ name: 'rows' })
    records.toTable({ name: 'kept', store: { name: 'store' } }).toStream().to(topic('out'))
  },
  'table-joins-named' ({ table }) {
    const left = table(topic('left'), { name: 'l' })
    const right = table(topic('right'), { name: 'r' })
    const third = table(topic('third'))
    left.join(right, both, { name: 'inner' }).leftJoin(third, both, { name: 'left', store: { name: 'left-store' } }).outerJoin(right, both, { name: 'outer' }).toStream().to(topic('out'))
  },
  'table-joins-chained' ({ table }) {
    const left = table(topic('left'))
    const right = table(topic('right'))
    const joined = left.outerJoin(right, both)
    joined.leftJoin(left, both).mapValues(sameRow).join(right, both, { store: { name: 'stored' } }).filter(always).leftJoin(joined, both).toStream().to(topic('out'))
  },
  'fk-join-named' ({ table }) {
    const left = table(topic('left'))
    const right = table(topic('right'))
    left.join(right, both, { foreignKey, name: 'orders-join', store: { name: 'joined' } }).toStream().to(topic('out'))
  },
  'fk-joins-unnamed' ({ table }) {
    const left = table(topic('left'))
    const right = table(topic('right'))
    left.leftJoin(right, both, { foreignKey }).join(left, both, { foreignKey })
  },
  'fk-join-of-derived' ({ stream, table }) {
    const left = table(topic('left')).mapValues(sameRow)
    const right = stream(topic('right')).groupByKey().reduce(first)
    left.leftJoin(right, both, { foreignKey, name: 'fk' }).toStream().to(topic('out'))
  },
  'global-joins' ({ stream, globalTable }) {
    const globals = globalTable(topic('globals'), { store: { name: 'global-store' } })
    const more = globalTable(topic('more'))
    const records = stream(topic('in'))
    const keyMapper = (value: string): string => value
    records.join(globals, both, { keyMapper }).leftJoin(more, both, { keyMapper }).to(topic('out'))
    records.selectKey(value => value).join(globals, both, { keyMapper, name: 'named' }).groupByKey().count()
  },
  'stream-joins-named' ({ stream }) {
    const left = stream(topic('left'))
    const right = stream(topic('right'))
    left.join(right, both, { windows: ten, storeName: 'stores', name: 'inner' }).to(topic('a'))
    left.leftJoin(right, both, { windows: ten, storeName: 'left-stores', name: 'left' }).to(topic('b'))
    left.outerJoin(right, both, { windows: ten, name: 'outer' }).to(topic('c'))
  },
  'stream-joins-rekeyed': streamJoinsRekeyed,
  'stream-joins-rekeyed-optimized' (builder) {
    const { left, right } = streamJoinsRekeyed(builder)
    left.groupByKey().count({ store: { name: 'counts' } })
    right.toTable({ store: { name: 'rows' } })
  },
  'stream-table-joins-named' (builder) {
    const rows = builder.table(topic('rows'))
    const records = rekeyed(builder, 'in')
    records.join(rows, both, { name: 'enriched' }).to(topic('a'))
    records.leftJoin(rows, both).to(topic('b'))
    records.leftJoin(rows.filter(always), both).to(topic('c'))
  },
  repartitions ({ stream }) {
    const records = stream(topic('in'))
    records.repartition().groupByKey().count()
    records.repartition({ partitions: 3 }).to(topic('a'))
    records.selectKey(value => value).repartition({ name: 'again' }).groupByKey().count({ store: { name: 'counts' } })
  },
  'merge-repartitions-optimized' (builder) {
    const records = rekeyed(builder, 'in')
    records.groupByKey().count()
    records.mapValues(same).groupByKey().count()
    records.filter(always).groupByKey().reduce(first)
    records.peek(() => {}).filter(always).groupByKey({ name: 'named' }).count({ store: { name: 'last' } })
    records.mapValues(value => String(value)).join(builder.stream(topic('other')), both, { windows: ten }).to(topic('out'))
  },
  'merge-of-rekeyed-optimized' (builder) {
    const all = rekeyed(builder, 'a').merge(rekeyed(builder, 'c'))
    all.groupByKey().count()
    all.filter(always).groupByKey().reduce(first)
  },
  suppressed ({ stream, table }) {
    stream(topic('in')).groupByKey().windowedBy(five).count().suppress({ untilWindowCloses: true }).toStream().to(windowedCounts)
    const rows = table(topic('rows'))
    rows.suppress({ untilTimeLimitMs: 5, maxRecords: 2 }).join(table(topic('more')), both).toStream().to(topic('joined'))
    rows.suppress({ untilTimeLimitMs: 5, maxRecords: 2, name: 'later' }).filter(always)
  },
  processors ({ stream }) {
    const a = storeOf('store-a')
    const b = storeOf('store-b')
    const records = stream(topic('in'))
    records.process(processor('first', a, b)).groupByKey().count()
    records.process(processor('second', b)).process(processor('third')).to(topic('out'))
  },
  'processor-many-stores' ({ stream }) {
    stream(topic('in')).process(processor('proc', ...Array.from({ length: 12 }, (_, index) => storeOf(`store-number-${index}`)))).to(topic('out'))
  },
  'many-neighbours' ({ stream }) {
    const records = stream(topic('in'))
    const named = (name: string) => records.filter(always, { name })
    named('a').to(topic('1'))
    named('b').mapValues(same).to(topic('2'))
    named('c').mapValues(same).mapValues(same).to(topic('3'))
    named('d')
    named('e').merge(named('f')).to(topic('4'))
    records.groupByKey().count()
    records.join(records, both, { windows: ten }).to(topic('5'))
    records.toTable()
    records.repartition()
  },
  'same-topic-twice' ({ stream }) {
    stream(topic('in')).filter(always).to(topic('a'))
    stream(topic('other')).to(topic('b'))
    stream(topic('in')).mapValues(same).to(topic('c'))
  },
  'sub-topologies-by-store' ({ stream }) {
    const shared = storeOf('shared')
    stream(topic('z'), { name: 'z-source' }).process(processor('one', shared)).to(topic('a'))
    stream(topic('lonely'), { name: 'b-source' }).to(topic('b'))
    stream(topic('a'), { name: 'a-source' }).process(processor('two', shared)).to(topic('c'))
  },
  'aggregates-of-tables-joined' (builder) {
    const countRows = builder.stream(topic('in')).groupByKey().count()
    const rows = rekeyed(builder, 'other').groupByKey().reduce(first, { name: 'reduced', store: { name: 'reduced-store' } })
    countRows.mapValues(value => String(value)).leftJoin(rows, both).toStream().groupBy(value => value).count({ store: { name: 'final' } })
  },
  'stores-without-names' ({ stream, table }) {
    const group = stream(topic('in')).groupByKey()
    group.count({ store: { value: long } })
    group.reduce(first, { store: { value: text } })
    group.windowedBy(five).count({ store: { value: long } })
    group.windowedBy(fiveSessions).count({ store: { value: long } })
    group.windowedBy(fiveSliding).count({ store: { value: long } })
    const rows = table(topic('rows'), { store: { value: text } })
    rows.filter(always, { store: { value: text } }).mapValues(sameRow, { store: { value: text } })
    rows.groupBy((value, key) => [value, key]).count({ store: { value: long } })
    rows.join(table(topic('more')), both, { store: { value: text } }).toStream().to(topic('out'))
  },
  'grace-join' ({ stream, table }) {
    const rows = table(topic('rows'), { store: { name: 'V', historyRetentionMs: 300 } })
    stream(topic('in')).join(rows, both, { graceMs: 10 }).to(topic('out'))
  },
  'table-transform-values' ({ table }) {
    table(topic('a')).transformValues(() => 1).toStream().to(numbers('o'))
  },
  'table-transform-values-named' ({ table }) {
    table(topic('a'), { store: { name: 'rows' } }).transformValues(() => 1, { name: 'transform', store: { name: 'transformed', value: long } }).filter(always).toStream().to(numbers('o'))
  },
  'table-transform-values-store' ({ table }) {
    table(topic('a')).transformValues(() => 1, { stores: { seen: storeOf('seen') } }).toStream().to(numbers('o'))
  },
  'table-transform-values-joined' ({ table }) {
    table(topic('a')).transformValues(() => 1).join(table(topic('c')), (_, right) => right).toStream().to(topic('o'))
  },
  'table-transform-values-grouped' ({ table }) {
    table(topic('a')).transformValues(() => 1).groupBy((_, key) => [key, key]).count().toStream()
  },
  'source-of-several' ({ stream }) {
    stream(['orders-eu', 'orders-us', 'payments', 'z1', 'a2'].map(topic)).filter(always).to(topic('out'))
  },
  'source-of-several-equal-twice' ({ stream }) {
    stream([topic('b'), topic('a')]).to(topic('out-1'))
    stream([topic('a'), topic('b')]).to(topic('out-2'))
  },
  'source-of-several-counted' ({ stream }) {
    stream([topic('a'), topic('b')]).groupByKey().count()
  },
  'source-by-pattern' ({ stream }) {
    stream(orders).to(topic('out'))
  },
  'source-by-pattern-named' ({ stream }) {
    stream(topicPattern({ matching: /orders-[a-z]+(-\d)?/, value: text }), { name: 'orders' }).mapValues(same).to(topic('out'))
  },
  'source-by-pattern-twice' ({ stream }) {
    stream(orders).to(topic('out-1'))
    stream(topicPattern({ matching: /orders-.*/, value: text })).to(topic('out-2'))
    stream(topic('other')).to(topic('out-3'))
  },
  'source-by-pattern-counted' ({ stream }) {
    stream(orders).selectKey(rekey).groupByKey().count().toStream()
  },
  'source-by-pattern-joined' ({ stream, table }) {
    stream(orders).join(table(topic('customers')), both).to(topic('out'))
  }
}

function streamJoinsRekeyed (builder: Streams) {
  const left = rekeyed(builder, 'left')
  const right = rekeyed(builder, 'right')
  left.join(right, both, { windows: ten }).to(topic('a'))
  left.leftJoin(right, both, { windows: ten }).to(topic('b'))
  left.outerJoin(left, both, { windows: ten }).to(topic('c'))
  return { left, right }
}
