import type { Change } from '../../streams/graph/change.ts'
import { tableSource } from '../../streams/graph/operators/table-source.ts'
import type { Materialization } from '../../streams/graph/operators/materialized.ts'
import type { Forward } from '../../streams/graph/record.ts'
import { json } from '../../streams/serdes/json.ts'
import { text } from '../../streams/serdes/text.ts'
import type { Serde } from '../../streams/serdes/serde.ts'
import { defineOrdered } from '../../streams/stores/ordered.ts'
import { defineVersioned } from '../../streams/stores/versioned.ts'
import { openOperatorBench } from './operator.ts'

/** What reached a capture: its id, key, value (of a change: the new one), timestamp. */
export type Seen = readonly [id: string, key: unknown, value: unknown, timestamp: number]

/** What a piped record brought to the captures. */
export type Pipe<K, V> = (key: K | null, value: V | null, timestamp: number) => Seen[]

/** Small topologies of tables, wired by hand, whose outputs come back from each piped record. */
export function openTablePlay () {
  const bench = openOperatorBench()
  let seen: Seen[] = []
  return {
    ...bench,
    /** The end of a line of records. */
    capture: (id: string): Forward<unknown, unknown> => ({ key, value, timestamp }) => { seen.push([id, key, value, timestamp]) },
    /** The end of a line of changes: what `toStream` would give. */
    captureNew: <V>(id: string): Forward<unknown, Change<V>> => ({ key, value, timestamp }) => { seen.push([id, key, value.newValue, timestamp]) },
    /** The end of a line of changes, as new and old value. */
    captureChange: <V>(id: string): Forward<unknown, Change<V>> => ({ key, value: { newValue, oldValue }, timestamp }) => { seen.push([id, key, [newValue, oldValue], timestamp]) },
    /** A table's topic. */
    table<V = string> (name: string, forward: Forward<string, Change<V>>, { materialization = undefined, sendsOldValues = false }: {
      readonly materialization?: Materialization<string, V> | undefined
      readonly sendsOldValues?: boolean
    } = {}): Pipe<string, V> {
      const wire = tableSource<string, V>({ materialization: () => materialization, sendsOldValues: () => sendsOldValues })
      const input = wire(bench.execution, bench.node(name), forward)
      return (key, value, timestamp) => {
        seen = []
        // The bench pipes records of any type; this one has the types of the table.
        bench.run(input as Forward<unknown, unknown>, { key, value, timestamp })
        return seen
      }
    }
  }
}

export function stored<V = string> (name: string, { caching = false, historyRetentionMs }: { readonly caching?: boolean, readonly historyRetentionMs?: number } = {}): Materialization<string, V> {
  // What a test puts comes back as it is: the bench keeps values, not bytes.
  const value = json as Serde<V>
  return {
    store: historyRetentionMs === undefined
      ? { kind: 'timestamped', key: text, rows: defineOrdered({ name, value }) }
      : { kind: 'versioned', key: text, rows: defineVersioned({ name, value, historyRetentionMs }) },
    caching
  }
}
