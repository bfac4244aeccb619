import { messageOf } from '../errors.ts'
import { GlobalTableCopy } from '../graph/operators/global-table.ts'
import type { Topology } from '../graph/topology.ts'
import type { LogRecord } from '../log/log.ts'

/** A process' copies of its topology's global tables, by store. */
export type GlobalTables = ReadonlyMap<string, GlobalTableCopy<unknown>>

export function createGlobalTables ({ globals }: Pick<Topology, 'globals'>): GlobalTables {
  return new Map(globals.map(({ storeName, value }) => [storeName, new GlobalTableCopy(value)]))
}

/** Applies a record to all tables that are made of its topic; what it cannot be applied as is told, and skipped. */
export function applyToGlobals (topology: Pick<Topology, 'globals'>, tables: GlobalTables, record: LogRecord, skipped: (record: LogRecord, reason: string) => void): void {
  for (const { storeName, topic } of topology.globals) {
    if (topic.name !== record.topic) continue
    try {
      if (tables.get(storeName)?.apply(record) === 'null-key') skipped(record, 'null-key')
    } catch (error) {
      skipped(record, messageOf(error))
    }
  }
}
