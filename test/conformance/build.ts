import {
  defineTopic, defineTopology, joinWindows, printWindowed, serdes, sessionWindows, slidingWindows, timeWindows,
  type GlobalTable, type GroupedStream, type GroupedTable, type Serde, type SessionWindowedStream, type Stream, type Table, type Topic, type Topology, type TopologyBuilder, type Windowed, type WindowedStream
} from '../../streams/index.ts'
import { UnsupportedError, type NodeDefinition, type Output, type Scalar, type Scenario, type StoreDefinition, type Windows } from './format.ts'
import { adderOf, foreignKeyOf, joinerOf, keyMapperOf, mergerOf, removerOf, tableGroupOf } from './functions.ts'

type Key = Scalar | Windowed<Scalar>
type RowKey = NonNullable<Key>
type Value = NonNullable<Scalar>

/** What a node is to those that refer to it, with how its keys and values are written. */
type Built = { readonly key: Serde<RowKey>, readonly value: Serde<Value> } & (
  { readonly kind: 'stream', readonly stream: Stream<Key, Scalar> } |
  { readonly kind: 'table', readonly table: Table<RowKey, Value> } |
  { readonly kind: 'global', readonly global: GlobalTable<RowKey, Value> } |
  { readonly kind: 'grouped', readonly grouped: GroupedStream<RowKey, Scalar> } |
  { readonly kind: 'grouped-table', readonly grouped: GroupedTable<RowKey, Value> } |
  { readonly kind: 'windowed', readonly windowed: WindowedStream<RowKey, Scalar>, readonly sizeMs: number } |
  { readonly kind: 'sessions', readonly sessions: SessionWindowedStream<RowKey, Scalar> })

type Of<K extends Built['kind']> = Extract<Built, { kind: K }>

export interface BuiltScenario {
  readonly topology: Topology
  readonly topics: ReadonlyMap<string, Topic<RowKey, Value>>
  /** What the captures have seen since it was last emptied. */
  readonly captured: Output[]
}

/** Builds a scenario's topology through the API that everybody uses. */
export function buildScenario ({ id, config = {}, topology: nodes }: Scenario): BuiltScenario {
  const topics = new Map<string, Topic<RowKey, Value>>()
  const captured: Output[] = []
  const topology = defineTopology(id.replaceAll(/[^A-Za-z0-9._-]/g, '-'), {
    optimization: config['topology.optimization'] === 'all' ? 'all' : 'none',
    caching: Number(config['statestore.cache.max.bytes'] ?? config['cache.max.bytes.buffering'] ?? 1) !== 0
  }, builder => {
    const built = new Map<string, Built>()
    for (const node of nodes) {
      const result = new NodeBuilder(builder, built, topics, captured, node).build()
      if (result !== undefined) built.set(node.id, result)
    }
  })
  return { topology, topics, captured }
}

/** One node. Scenarios are data, so what the types of the API would keep apart is checked when it runs. */
class NodeBuilder {
  readonly #builder: TopologyBuilder<object>
  readonly #built: ReadonlyMap<string, Built>
  readonly #topics: Map<string, Topic<RowKey, Value>>
  readonly #captured: Output[]
  readonly #node: NodeDefinition

  constructor (builder: TopologyBuilder<object>, built: ReadonlyMap<string, Built>, topics: Map<string, Topic<RowKey, Value>>, captured: Output[], node: NodeDefinition) {
    this.#builder = builder
    this.#built = built
    this.#topics = topics
    this.#captured = captured
    this.#node = node
  }

  build (): Built | undefined {
    const { op } = this.#node
    switch (op) {
      case 'stream': return this.#stream(this.#builder.stream(this.#topic()), this.#topic().key, this.#topic().value)
      case 'table': return this.#table(this.#builder.table(this.#topic(), this.#storeOption()), this.#topic().key, this.#topic().value)
      case 'globalTable': return { kind: 'global', global: this.#builder.globalTable(this.#topic()), key: this.#topic().key, value: this.#topic().value }
      case 'capture': return this.#capture()
      case 'groupByKey': return this.#groupByKey()
      case 'groupBy': return this.#groupBy()
      case 'windowedBy': return this.#windowedBy()
      case 'aggregate': case 'reduce': case 'count': return this.#aggregate(op)
      case 'join': case 'leftJoin': case 'outerJoin': return this.#join(op)
      case 'fkJoin': case 'fkLeftJoin': return this.#foreignKeyJoin(op)
      case 'suppress': return this.#suppress()
      case 'filterValueEven': case 'filterNotValueEven': return this.#filterEven(op)
      case 'merge': return this.#merge()
      case 'repartition': {
        const { stream, key, value } = this.#one('stream')
        return this.#stream(stream.repartition({ key, value }), key, value)
      }
      case 'toTable': {
        const { stream, key, value } = this.#one('stream')
        return this.#table(stream.toTable({ store: { key, value, ...this.#store() } }), key, value)
      }
      case 'toStream': {
        const { table, key, value } = this.#one('table')
        // Its keys are some of those that a stream's may be.
        return this.#stream(table.toStream() as unknown as Stream<Key, Scalar>, key, value)
      }
      default: throw new UnsupportedError(`op '${op}' is not known`)
    }
  }

  #capture (): undefined {
    const { id } = this.#node
    const [from] = this.#from()
    const stream = from?.kind === 'table' ? from.table.toStream() : from?.kind === 'stream' ? from.stream : undefined
    if (stream === undefined) throw new UnsupportedError(`capture '${id}' stands behind something that is no stream and no table`)
    stream.foreach(({ key, value, timestamp }) => { this.#captured.push([id, printKey(key), value, timestamp]) })
  }

  #groupByKey (): Built {
    const { stream, key, value } = this.#one('stream')
    return { kind: 'grouped', grouped: stream.groupByKey({ key, value }), key, value }
  }

  #groupBy (): Built {
    const { fn, value: newValue } = this.#node
    const [from] = this.#from()
    if (from?.kind === 'stream') {
      const { stream, key, value } = from
      if (fn === 'key') return { kind: 'grouped', grouped: stream.groupBy<Key>((_value, key) => key, { key, value }), key, value }
      if (fn === 'value') return { kind: 'grouped', grouped: stream.groupBy<Key>(value => value, { key: asKey(value), value }), key: asKey(value), value }
      throw new UnsupportedError(`fn '${fn}' of a stream's groupBy is not known`)
    }
    const { table, key, value } = this.#one('table')
    const group = tableGroupOf(fn)
    const byValue = { swap: asKey(value), valueAsKey: asKey(value), valueAsKeyExceptNullWords: asKey(value), numberRegion: asKey(value) }
    const groupKey: Serde<RowKey> = (byValue as Readonly<Record<string, Serde<RowKey>>>)[fn ?? ''] ?? key
    const groupValue = newValue !== undefined ? serdeOf(newValue) : fn === 'swap' ? asValue(key) : fn === 'numberRegion' ? serdeOf('int') : value
    return { kind: 'grouped-table', grouped: table.groupBy<Key, Scalar>((value, key) => group(value, plainKey(key)), { key: groupKey, value: groupValue }) as GroupedTable<RowKey, Value>, key: groupKey, value: groupValue }
  }

  #windowedBy (): Built {
    const { window = {}, emit } = this.#node
    const { grouped, key, value } = this.#one('grouped')
    const strategy = emit === 'onWindowClose' ? 'on-window-close' : 'on-window-update'
    if (window.type === 'session') {
      const sessions = grouped.windowedBy(sessionWindows({ inactivityGapMs: needed(window, 'gapMs'), graceMs: window.graceMs ?? 0 }))
      return { kind: 'sessions', sessions: sessions.emitStrategy(strategy), key, value }
    }
    if (window.type === 'sliding') {
      const windows = slidingWindows({ timeDifferenceMs: needed(window, 'diffMs'), graceMs: window.graceMs ?? 0 })
      return { kind: 'windowed', windowed: grouped.windowedBy(windows).emitStrategy(strategy), sizeMs: windows.timeDifferenceMs, key, value }
    }
    if (window.type !== 'time') throw new UnsupportedError(`windows of type '${window.type}' are not known`)
    const windows = timeWindows({ sizeMs: needed(window, 'sizeMs'), graceMs: window.graceMs ?? 0, ...(window.advanceMs === undefined ? {} : { advanceMs: window.advanceMs }) })
    return { kind: 'windowed', windowed: grouped.windowedBy(windows).emitStrategy(strategy), sizeMs: windows.sizeMs, key, value }
  }

  #aggregate (op: 'aggregate' | 'reduce' | 'count'): Built {
    const { init = '', aggType, adder, remover, merger } = this.#node
    const [from] = this.#from()
    const initial = aggType === 'int' ? Number.parseInt(init, 10) : init
    const initializer = (): Value => initial
    const add = op === 'aggregate' ? adderOf(adder) : adderOf('plus')
    const plus = (aggregate: Scalar, value: Scalar): Value => add(aggregate, value) ?? ''
    const result = op === 'count' ? serdeOf('long') : op === 'reduce' ? from?.value ?? serdeOf('string') : serdeOf(aggType ?? 'string')
    const options = { store: { value: result, ...this.#store() } }
    switch (from?.kind) {
      case 'grouped': {
        const { grouped, key } = from
        if (op === 'count') return this.#table(grouped.count(this.#storeOption()), key, result)
        if (op === 'reduce') return this.#table(grouped.reduce(plus, options), key, result)
        return this.#table(grouped.aggregate(initializer, plus, options), key, result)
      }
      case 'windowed': {
        const { windowed, sizeMs } = from
        const key = windowedKey(serdes.timeWindowed(from.key, sizeMs))
        if (op === 'count') return this.#table(windowed.count(this.#storeOption()), key, result)
        if (op === 'reduce') return this.#table(windowed.reduce(plus, options), key, result)
        return this.#table(windowed.aggregate(initializer, plus, options), key, result)
      }
      case 'sessions': {
        const { sessions } = from
        const key = windowedKey(serdes.sessionWindowed(from.key))
        if (op === 'count') return this.#table(sessions.count(this.#storeOption()), key, result)
        if (op === 'reduce') return this.#table(sessions.reduce(plus, options), key, result)
        const merge = mergerOf(merger)
        return this.#table(sessions.aggregate(initializer, plus, (one, other) => merge(one, other) ?? '', options), key, result)
      }
      case 'grouped-table': {
        const { grouped, key } = from
        if (op === 'count') return this.#table(grouped.count(this.#storeOption()), key, result)
        if (op === 'reduce') return this.#table(grouped.reduce(plus, (aggregate, value) => `${aggregate}-${value}`, options), key, result)
        const remove = removerOf(remover)
        return this.#table(grouped.aggregate(initializer, plus, (aggregate, value) => remove(aggregate, value) ?? '', options), key, result)
      }
      default: throw new UnsupportedError(`${op} '${this.#node.id}' stands behind something that is not grouped`)
    }
  }

  #join (op: 'join' | 'leftJoin' | 'outerJoin'): Built {
    const { joiner, window, graceMs, store } = this.#node
    const [left, right] = this.#from()
    const join = joinerOf(joiner)
    const both = (left: Scalar, right: Scalar): Value => join(left, right) ?? ''
    const text = serdeOf('string')
    if (left?.kind === 'stream' && right?.kind === 'stream') {
      if (window === undefined) throw new UnsupportedError(`${op} '${this.#node.id}' of two streams has no window`)
      const options = {
        windows: joinWindows({ timeDifferenceMs: window.diffMs ?? 0, graceMs: window.graceMs ?? 0, ...(window.beforeMs === undefined ? {} : { beforeMs: window.beforeMs }), ...(window.afterMs === undefined ? {} : { afterMs: window.afterMs }) }),
        key: left.key,
        leftValue: left.value,
        rightValue: right.value,
        ...(store?.name === undefined ? {} : { storeName: store.name })
      }
      const joined = op === 'join' ? left.stream.join(right.stream, both, options) : op === 'leftJoin' ? left.stream.leftJoin(right.stream, both, options) : left.stream.outerJoin(right.stream, both, options)
      return this.#stream(joined, left.key, text)
    }
    if (left?.kind === 'stream' && right?.kind === 'table' && op !== 'outerJoin') {
      const options = { key: left.key, value: left.value, ...(graceMs === undefined ? {} : { graceMs }) }
      return this.#stream(op === 'join' ? left.stream.join(right.table, both, options) : left.stream.leftJoin(right.table, both, options), left.key, text)
    }
    if (left?.kind === 'stream' && right?.kind === 'global' && op !== 'outerJoin') {
      const mapper = keyMapperOf(this.#node.keyMapper)
      const options = { keyMapper: (value: Value) => mapper(value) }
      return this.#stream(op === 'join' ? left.stream.join(right.global, both, options) : left.stream.leftJoin(right.global, both, options), left.key, text)
    }
    if (left?.kind === 'table' && right?.kind === 'table') {
      const options = store === undefined ? {} : this.#storeOption({ value: text })
      const joined = op === 'join' ? left.table.join(right.table, both, options) : op === 'leftJoin' ? left.table.leftJoin(right.table, both, options) : left.table.outerJoin(right.table, both, options)
      return this.#table(joined, left.key, text)
    }
    throw new UnsupportedError(`${op} of ${left?.kind} and ${right?.kind} is not known`)
  }

  #foreignKeyJoin (op: 'fkJoin' | 'fkLeftJoin'): Built {
    const { fk, joiner } = this.#node
    const [left, right] = this.#from()
    if (left?.kind !== 'table' || right?.kind !== 'table') throw new UnsupportedError(`${op} is between tables`)
    const foreignKey = foreignKeyOf(fk)
    const join = joinerOf(joiner)
    const both = (left: Scalar, right: Scalar): Value => join(left, right) ?? ''
    const options = { foreignKey: (value: Value) => foreignKey(value), ...this.#storeOption({ value: serdeOf('string') }) }
    return this.#table(op === 'fkJoin' ? left.table.join(right.table, both, options) : left.table.leftJoin(right.table, both, options), left.key, serdeOf('string'))
  }

  #suppress (): Built {
    const { untilWindowCloses, untilTimeLimitMs = 0, maxRecords, maxBytes, whenFull } = this.#node
    const { table, key, value } = this.#one('table')
    const bounds = { ...(maxRecords === undefined ? {} : { maxRecords }), ...(maxBytes === undefined ? {} : { maxBytes }) }
    const options = untilWindowCloses === true
      ? { untilWindowCloses, ...bounds }
      : { untilTimeLimitMs, ...bounds, whenFull: whenFull === 'shutDown' ? 'shut-down' as const : 'emit-early' as const }
    // Whether the keys are windowed only the scenario knows.
    return this.#table((table as unknown as Table<Windowed<Scalar>, Value>).suppress(options) as unknown as Table<RowKey, Value>, key, value)
  }

  #filterEven (op: 'filterValueEven' | 'filterNotValueEven'): Built {
    const [from] = this.#from()
    const isEven = (value: Scalar): boolean => value !== null && Number(value) % 2 === 0
    if (from?.kind === 'stream') return this.#stream(op === 'filterValueEven' ? from.stream.filter(isEven) : from.stream.filterNot(isEven), from.key, from.value)
    const { table, key, value } = this.#one('table')
    const options = this.#node.store === undefined ? {} : this.#storeOption()
    return this.#table(op === 'filterValueEven' ? table.filter(isEven, options) : table.filterNot(isEven, options), key, value)
  }

  #merge (): Built {
    const [first, ...others] = this.#from()
    if (first?.kind !== 'stream') throw new UnsupportedError('merge is of streams')
    let { stream } = first
    for (const other of others) {
      if (other.kind !== 'stream') throw new UnsupportedError('merge is of streams')
      stream = stream.merge(other.stream)
    }
    return this.#stream(stream, first.key, first.value)
  }

  #stream (stream: Stream<Key, Scalar>, key: Serde<RowKey>, value: Serde<Value>): Built {
    return { kind: 'stream', stream, key, value }
  }

  #table (table: Table<RowKey, Value> | Table<Windowed<RowKey>, Value>, key: Serde<RowKey>, value: Serde<Value>): Built {
    // A windowed key is one of the keys of a scenario.
    return { kind: 'table', table: table as Table<RowKey, Value>, key, value }
  }

  #from (): Built[] {
    const { from = [], id } = this.#node
    return [from].flat().map(name => {
      const found = this.#built.get(name)
      if (found === undefined) throw new UnsupportedError(`node '${id}' refers to '${name}', which is not there before it`)
      return found
    })
  }

  #one<K extends Built['kind']> (kind: K): Of<K> {
    const [from] = this.#from()
    if (from?.kind !== kind) throw new UnsupportedError(`${this.#node.op} '${this.#node.id}' stands behind a ${from?.kind}, and not a ${kind}`)
    // Its kind was looked at in the line before; a type parameter is not narrowed by that.
    return from as Of<K>
  }

  #topic (): Topic<RowKey, Value> {
    const { topic: name = '', key, value } = this.#node
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const topic = defineTopic({ name, key: asKey(serdeOf(key)), value: serdeOf(value) })
    this.#topics.set(name, topic)
    return topic
  }

  #store (): { readonly name?: string, readonly caching?: boolean, readonly historyRetentionMs?: number, readonly retentionMs?: number } {
    const { name, caching, retentionMs, versionedHistoryMs }: StoreDefinition = this.#node.store ?? {}
    return {
      ...(name === undefined ? {} : { name: name.slice(0, 60) }),
      ...(caching === undefined ? {} : { caching }),
      ...(retentionMs === undefined ? {} : { retentionMs }),
      ...(versionedHistoryMs === undefined ? {} : { historyRetentionMs: versionedHistoryMs })
    }
  }

  #storeOption<V> (serdes: { readonly value?: Serde<V> } = {}) {
    return { store: { ...serdes, ...this.#store() } }
  }
}

function serdeOf (name = 'string'): Serde<Value> {
  const known: Readonly<Record<string, Serde<string> | Serde<number>>> = { string: serdes.string, int: serdes.int, integer: serdes.int, long: serdes.long }
  const found = known[name]
  if (found === undefined) throw new UnsupportedError(`serde '${name}' is not known; known are ${Object.keys(known).join(', ')}`)
  // What a scenario puts there fits the type that it names.
  return found as Serde<unknown> as Serde<Value>
}

function asKey (serde: Serde<Value>): Serde<RowKey> {
  // A value that becomes a key is written as before.
  return serde as Serde<unknown> as Serde<RowKey>
}

function asValue (serde: Serde<RowKey>): Serde<Value> {
  return serde as Serde<unknown> as Serde<Value>
}

function windowedKey (serde: Serde<Windowed<RowKey>>): Serde<RowKey> {
  return serde as Serde<unknown> as Serde<RowKey>
}

function plainKey (key: RowKey): Scalar {
  return typeof key === 'object' ? printWindowed(key) : key
}

function printKey (key: Key): Scalar {
  return typeof key === 'object' && key !== null ? printWindowed(key) : key
}

function needed (window: Windows, name: keyof Windows): number {
  const value = window[name]
  if (typeof value !== 'number') throw new UnsupportedError(`windows of type '${window.type}' need ${name}`)
  return value
}
