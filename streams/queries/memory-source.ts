import { compareBytes } from '../projection/byte-order.ts'
import { behind } from '../sorted-map.ts'
import type { MemoryState } from '../state/memory-state.ts'
import type { Row, StoredEntry } from '../state/state.ts'
import type { DeclaredStore } from './queryable.ts'
import type { DeclaredEntry, Kept, KeyBound, KeyParts, StoreSource } from './store-source.ts'

/** Reads a state in this process: that of the test driver, or of a worker beside it. Of tables of the author's own it looks at everything each time. */
export function openMemorySource (state: MemoryState): StoreSource {
  const positionOf = async (subTopology: string, partition: number) => (await state.positions([{ subTopology, partition }]))[0]

  return {
    async entries ({ store, subTopology, from, to, limit, kept }) {
      const partitions = [...state.ordered(store).keys()]
      const times = new Map((await state.positions(partitions.map(partition => ({ subTopology, partition })))).map(({ partition, times }) => [partition, times]))
      const newest = new Map<string, StoredEntry>()
      // As many as are asked for in all may stand in one part; those behind them are not among the first.
      for (const [partition, part] of state.ordered(store)) {
        let [low, left] = [from, limit]
        while (left > 0) {
          const page = part.page(low, to, { reverse: false, limit: left })
          const last = page.at(-1)
          if (last === undefined) break
          low = behind(last.key)
          for (const entry of page) {
            if (!isKept(kept, entry.time, times.get(partition))) continue
            left--
            if (entry.timestamp >= (newest.get(entry.key)?.timestamp ?? -Infinity)) newest.set(entry.key, entry)
          }
        }
      }
      return [...newest.values()].sort((a, b) => a.key < b.key ? -1 : 1).slice(0, limit)
    },
    async declared ({ store, bounds, limit }) {
      return entriesOf(store, state.table(store))
        .filter(({ parts }) => bounds.every(bound => isWithin(parts, bound)))
        .sort((a, b) => compareParts(a.parts, b.parts))
        .slice(0, limit)
    },
    position: async (subTopology, topic, partition) => (await positionOf(subTopology, partition))?.offsets[topic]
  }
}

function isKept (kept: Kept | undefined, time: number, times: Readonly<Record<string, number>> = {}): boolean {
  return kept === undefined || (kept.at ?? time) >= (times[kept.time] ?? -1) - kept.ms
}

function entriesOf (store: DeclaredStore, rows: readonly Row[]): DeclaredEntry[] {
  const partsOf = (row: Row): KeyParts => store.key.map(column => row[column] ?? null)
  switch (store.kind) {
    case 'counter': return rows.map(row => ({ parts: partsOf(row), value: row[store.count] }))
    case 'keyed': return rows.map(row => ({ parts: partsOf(row), value: JSON.parse(String(row['value'])) }))
    case 'rows': return rows.map(row => ({ parts: partsOf(row), value: row }))
    case 'list': {
      const columns = Object.keys(store.entry)
      return [...Map.groupBy(rows, row => JSON.stringify(partsOf(row))).values()].flatMap(([first, ...others]) => first === undefined
        ? []
        : [{ parts: partsOf(first), value: [first, ...others].map(row => Object.fromEntries(columns.map(column => [column, row[column] ?? null]))) }])
    }
  }
}

function isWithin (parts: KeyParts, { is, parts: bound }: KeyBound): boolean {
  const order = compareParts(parts.slice(0, bound.length), bound)
  switch (is) {
    case '>': return order > 0
    case '>=': return order >= 0
    case '<': return order < 0
    case '<=': return order <= 0
  }
}

/** As Postgres orders rows of such columns. */
function compareParts (a: KeyParts, b: KeyParts): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    const order = typeof left === 'number' && typeof right === 'number' ? left - right : compareBytes(String(left), String(right))
    if (order !== 0) return order
  }
  return 0
}
