import { TopologyError } from '../errors.ts'
import { GraphNode } from './graph-node.ts'
import { inner } from './inner.ts'
import { recordTime, suppress, windowEnd, type Suppress } from './operators/suppress.ts'
import { suppressedView } from './operators/suppressed-view.ts'
import { erase } from './stateless.ts'
import { keySerde, valueSerde } from './store-options.ts'
import type { Naming } from './stream.ts'
import { Table } from './table.ts'
import type { TableRows } from './table-rows.ts'
import { defineSuppressBuffer } from '../stores/suppress-buffer.ts'
import type { Windowed } from '../windows/windowed.ts'

interface BufferBounds extends Naming {
  /** How many rows are held back at most; left out: any number. */
  readonly maxRecords?: number
  readonly maxBytes?: number
}

/** Until its window closes: a row comes out once, final. Too many rows stop the worker, as nothing may come out early. */
export interface UntilWindowCloses extends BufferBounds {
  readonly untilWindowCloses: true
}

/** For so long behind a row's first change; `whenFull` says what happens beyond the bounds. */
export interface UntilTimeLimit extends BufferBounds {
  readonly untilTimeLimitMs: number
  readonly whenFull?: 'emit-early' | 'shut-down'
}

/** Only rows of windows have an end to wait for. */
export type SuppressOptions<K> = UntilTimeLimit | (K extends Windowed<unknown> ? UntilWindowCloses : never)

export function addSuppress<K, V> (table: Table<K, V>, options: UntilTimeLimit | UntilWindowCloses): Table<K, V> {
  const { graph, node: parent, rows: parentRows, key = keySerde<K>() as NonNullable<typeof table[typeof inner]['key']>, value = valueSerde<V>() as NonNullable<typeof table[typeof inner]['value']> } = table[inner]
  if (parent.options.versioned === true) throw new TopologyError(`Topology '${graph.topology}' suppresses the versioned table '${parent.name}'; suppress() is for tables without versions.`)
  // Given a name, it uses up no number, unlike other operators.
  const name = options.name === undefined ? graph.newName('KTABLE-SUPPRESS-') : graph.check(options.name)
  const final = 'untilWindowCloses' in options
  const durationMs = final ? graceOf(parent, graph.topology) : options.untilTimeLimitMs
  const storeName = options.name === undefined ? graph.newStoreName('KTABLE-SUPPRESS-') : `${options.name}-store`
  const buffer = defineSuppressBuffer<K, V>({ name: storeName, key, value })
  const rows: TableRows<K, V> = {
    stores: [],
    getter: () => suppressedView(parentRows.getter(), buffer),
    sendOldValues: force => parentRows.sendOldValues(force)
  }
  // A row that is held back is still read as it was: so what it was has to be known.
  parentRows.sendOldValues(true)
  const settings: Suppress<K, V> = {
    buffer,
    durationMs,
    dropTombstones: final,
    // The type allows waiting for a window's end only where keys are windowed.
    timeOf: final ? windowEnd as Suppress<K, V>['timeOf'] : recordTime,
    maxRecords: options.maxRecords,
    maxBytes: options.maxBytes,
    whenFull: final || options.whenFull === 'shut-down' ? 'shutDown' : 'emitEarly'
  }
  const node = new GraphNode({
    name,
    versioned: false,
    isSuppress: true,
    write: (physical, parents) => physical.add({ kind: 'processor', name, parents, stores: [buffer.ordered], wire: erase(suppress(settings)) })
  })
  graph.add(parent, node)
  return new Table<K, V>({ graph, node, name, key, value, rows })
}

/** How long after its end a window's row may still change: what the aggregate up the graph says, the longest of several. */
function graceOf (node: GraphNode, topology: string): number {
  if (node.options.graceMs !== undefined) return node.options.graceMs
  if (node.parents.size === 0) throw new TopologyError(`Topology '${topology}' suppresses until a window closes, but no windowed aggregate stands before that; use windowedBy(…) first, or untilTimeLimitMs.`)
  return Math.max(...[...node.parents].map(parent => graceOf(parent, topology)))
}
