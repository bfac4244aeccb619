import fc from 'fast-check'
import {
  defineTopology, joinWindows, serdes, sessionWindows, slidingWindows, timeWindows,
  type GroupedStream, type Stream, type Table, type Topology, type TopologyBuilder, type Windowed
} from '../../../streams/index.ts'
import { foreignKeyJoined, groupedSums, paired, streamStreamJoined, streamTableJoined, tableTableJoined, type JoinKind } from './join-models.ts'
import { noteArrivals, noteOutputs, topics, type Arrival, type Output, type Side } from './play.ts'
import { sessionWindowed, slidingWindowed, suppressedUntilClose, timeWindowed, windowKey, type WindowRules } from './window-models.ts'

/** Chosen at random with each play; which of them count depends on the family. Times are in the play's unit. */
export interface Choices {
  readonly size: number
  readonly advances: number
  readonly grace: number
  readonly before: number
  readonly after: number
  readonly onClose: boolean
  readonly aggregate: 'sum' | 'count'
  readonly kind: JoinKind
  /** Whether tables are read as such, or made of streams. */
  readonly tables: 'source' | 'to-table'
}

export const choices: fc.Arbitrary<Choices> = fc.record({
  size: fc.integer({ min: 1, max: 25 }),
  advances: fc.integer({ min: 1, max: 3 }),
  grace: fc.oneof(fc.constant(0), fc.nat(10), fc.nat(40)),
  before: fc.oneof(fc.nat(20), fc.nat(4)),
  after: fc.oneof(fc.nat(20), fc.nat(4)),
  onClose: fc.boolean(),
  aggregate: fc.constantFrom('sum', 'count'),
  kind: fc.constantFrom('inner', 'left', 'outer'),
  tables: fc.constantFrom('source', 'to-table')
})

export interface Setting extends Choices {
  readonly unitMs: number
  readonly repartitioned: boolean
}

/** An operator under test beside its model. */
export interface Family {
  readonly name: string
  readonly build: (setting: Setting) => Topology
  /** What comes of what arrived in one partition, in this order; undefined: the model does not say. */
  readonly expected: (arrivals: readonly Arrival[], setting: Setting) => readonly Output[] | undefined
  /** Whether it reads tables: then records may come one by one, so that their order is known without a look before the operator. */
  readonly readsTables?: true
  /** Records come one by one: an answer to a row that has changed meanwhile is thrown away, and in Kafka Streams too a tombstone with it. */
  readonly oneByOne?: true
  /** Only the last value of each key is compared, over all partitions: what comes before depends on how two topics' records meet. */
  readonly lastOnly?: true
  /** Whether the same may be given out twice in a row: as in Kafka Streams, a sliding window that is right behind one record and ends with the next. */
  readonly repeats?: true
}

type Text = string | null
type Number = number | null

const sum = (before: number, value: Number): number => before + (value ?? 0)
const aggregates = {
  sum: (values: readonly Number[]): number => values.reduce<number>(sum, 0),
  count: (values: readonly Number[]): number => values.length
}

function rulesOf ({ grace, onClose, aggregate, unitMs }: Setting): WindowRules {
  return { graceMs: grace * unitMs, onClose, aggregate: aggregates[aggregate] }
}

/** What arrives at the operator is noted right before it. */
function streamOf ({ stream }: TopologyBuilder<object>, side: Side, { repartitioned }: Setting): Stream<Text, Number> {
  const source = stream(topics[side])
  const arriving = repartitioned ? source.repartition({ name: `by-key-${side}` }) : source
  noteArrivals(side, arriving)
  return arriving
}

function tableOf (builder: TopologyBuilder<object>, side: Side, setting: Setting): Table<string, number> {
  return setting.tables === 'source' ? builder.table(topics[side]) : streamOf(builder, side, setting).toTable()
}

function giveOut (stream: Stream<Text, string | number | null>): void {
  noteOutputs(stream.selectKey((_value, key) => String(key), { key: serdes.string }))
}

function giveOutTable<V extends string | number> (table: Table<string, V>): void {
  noteOutputs(table.toStream())
}

function giveOutWindows (table: Table<Windowed<string>, number>): void {
  noteOutputs(table.toStream().selectKey((_value, { key, window }) => windowKey(key, window.start, window.end), { key: serdes.string }))
}

function family (name: string, graph: (builder: TopologyBuilder<object>, setting: Setting) => void, expected: Family['expected'], more: Pick<Family, 'readsTables' | 'oneByOne' | 'lastOnly' | 'repeats'> = {}): Family {
  return { name, expected, ...more, build: setting => defineTopology('property', { caching: false }, builder => graph(builder, setting)) }
}

function grouped (builder: TopologyBuilder<object>, setting: Setting): GroupedStream<string, Number> {
  return streamOf(builder, 'left', setting).groupByKey()
}

function timeSizes ({ size, advances, unitMs }: Setting): { readonly sizeMs: number, readonly advanceMs: number } {
  return { sizeMs: size * unitMs, advanceMs: Math.max(1, Math.floor(size / advances)) * unitMs }
}

const emitOf = ({ onClose }: Setting): 'on-window-close' | 'on-window-update' => onClose ? 'on-window-close' : 'on-window-update'

const timeWindow = family('time windows', (builder, setting) => {
  const windowed = grouped(builder, setting).windowedBy(timeWindows({ ...timeSizes(setting), graceMs: setting.grace * setting.unitMs })).emitStrategy(emitOf(setting))
  giveOutWindows(setting.aggregate === 'count' ? windowed.count() : windowed.aggregate(() => 0, sum, { store: { value: serdes.int } }))
}, (arrivals, setting) => timeWindowed(arrivals, { ...rulesOf(setting), ...timeSizes(setting) }))

/** So that few records are too late for some of their windows and not for others. */
function longGrace ({ grace, unitMs }: Setting): number {
  return (60 + grace) * unitMs
}

const slidingWindow = family('sliding windows', (builder, setting) => {
  const windowed = grouped(builder, setting).windowedBy(slidingWindows({ timeDifferenceMs: setting.size * setting.unitMs, graceMs: longGrace(setting) })).emitStrategy(emitOf(setting))
  giveOutWindows(setting.aggregate === 'count' ? windowed.count() : windowed.aggregate(() => 0, sum, { store: { value: serdes.int } }))
}, (arrivals, setting) => slidingWindowed(arrivals, { ...rulesOf(setting), graceMs: longGrace(setting), differenceMs: setting.size * setting.unitMs }), { repeats: true })

const session = family('sessions', (builder, setting) => {
  const windowed = grouped(builder, setting).windowedBy(sessionWindows({ inactivityGapMs: setting.size * setting.unitMs, graceMs: setting.grace * setting.unitMs })).emitStrategy(emitOf(setting))
  giveOutWindows(setting.aggregate === 'count' ? windowed.count() : windowed.aggregate(() => 0, sum, (one, other) => one + other, { store: { value: serdes.int } }))
}, (arrivals, setting) => sessionWindowed(arrivals, { ...rulesOf(setting), gapMs: setting.size * setting.unitMs }))

const suppressed = family('suppress until windows close', (builder, setting) => {
  const windowed = grouped(builder, setting).windowedBy(timeWindows({ ...timeSizes(setting), graceMs: setting.grace * setting.unitMs }))
  giveOutWindows(windowed.aggregate(() => 0, sum, { store: { value: serdes.int } }).suppress({ untilWindowCloses: true }))
}, (arrivals, setting) => {
  const updates = timeWindowed(arrivals, { ...rulesOf({ ...setting, aggregate: 'sum', onClose: false }), ...timeSizes(setting) })
  return suppressedUntilClose(updates.map(update => ({ ...update, end: Number(update.key.split('/')[1]) })), setting.grace * setting.unitMs)
})

const plain = family('plain aggregates', (builder, setting) => {
  const byKey = grouped(builder, setting)
  giveOutTable(setting.aggregate === 'count' ? byKey.count() : byKey.aggregate(() => 0, sum, { store: { value: serdes.int } }))
}, (arrivals, { aggregate }) => arrivals.flatMap(({ key, value, timestamp }, at) => {
  if (key === null || value === null) return []
  const all = arrivals.slice(0, at + 1).filter(each => each.key === key && each.value !== null)
  return [{ key, value: aggregates[aggregate](all.map(each => each.value)), timestamp: Math.max(timestamp, ...all.map(each => each.timestamp)) }]
}))

const streamStream = family('joins of streams', (builder, setting) => {
  const [left, right] = [streamOf(builder, 'left', setting), streamOf(builder, 'right', setting)]
  const { kind, before, after, grace, unitMs } = setting
  const options = { windows: joinWindows({ timeDifferenceMs: 0, beforeMs: before * unitMs, afterMs: after * unitMs, graceMs: grace * unitMs }) }
  giveOut(kind === 'inner' ? left.join(right, paired, options) : kind === 'left' ? left.leftJoin(right, paired, options) : left.outerJoin(right, paired, options))
}, (arrivals, { kind, before, after, grace, unitMs }) => streamStreamJoined(arrivals, { kind, beforeMs: before * unitMs, afterMs: after * unitMs, graceMs: grace * unitMs }))

const streamTable = family('joins of a stream with a table', (builder, setting) => {
  const table = tableOf(builder, 'right', setting)
  const left = streamOf(builder, 'left', setting)
  giveOut(setting.kind === 'inner' ? left.join(table, paired) : left.leftJoin(table, paired))
}, (arrivals, { kind }) => streamTableJoined(arrivals, kind === 'inner' ? 'inner' : 'left'), { readsTables: true })

const tableTable = family('joins of tables', (builder, setting) => {
  const [left, right] = [tableOf(builder, 'left', setting), tableOf(builder, 'right', setting)]
  giveOutTable(setting.kind === 'inner' ? left.join(right, paired) : setting.kind === 'left' ? left.leftJoin(right, paired) : left.outerJoin(right, paired))
}, (arrivals, { kind }) => tableTableJoined(arrivals, kind), { readsTables: true })

const groupOf = (value: number): string => `g${value % 3}`

const groupedTable = family('aggregates of a table', (builder, setting) => {
  const byGroup = tableOf(builder, 'left', setting).groupBy(value => [groupOf(value), value], { key: serdes.string, value: serdes.int })
  giveOutTable(setting.aggregate === 'count'
    ? byGroup.count()
    : byGroup.aggregate(() => 0, (before, value) => before + value, (before, value) => before - value, { store: { value: serdes.int } }))
}, (arrivals, { aggregate }) => groupedSums(arrivals, groupOf, aggregate), { readsTables: true, lastOnly: true })

const references = ['a', 'b', 'c', null] as const
const foreignKey = (value: number): string | null => references[value % references.length] ?? null

const foreignKeys = family('joins of tables by foreign key', (builder, setting) => {
  const [left, right] = [tableOf(builder, 'left', setting), tableOf(builder, 'right', setting)]
  giveOutTable(setting.kind === 'inner' ? left.join(right, paired, { foreignKey }) : left.leftJoin(right, paired, { foreignKey }))
}, (arrivals, { kind }) => [...foreignKeyJoined(arrivals, kind === 'inner' ? 'inner' : 'left', foreignKey)].map(([key, value]) => ({ key, value, timestamp: 0 })), { readsTables: true, oneByOne: true, lastOnly: true })

export const families: readonly Family[] = [
  plain, timeWindow, slidingWindow, session, suppressed, streamStream, streamTable, tableTable, groupedTable, foreignKeys
]
