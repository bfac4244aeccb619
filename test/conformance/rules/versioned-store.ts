import { serdes } from '../../../streams/index.ts'
import { openVersioned, type VersionedRecord, type VersionedStore } from '../../../streams/stores/open-versioned.ts'
import { defineVersioned } from '../../../streams/stores/versioned.ts'
import { openOperatorBench } from '../../helpers/operator.ts'
import { differs, type Rule, type VersionedOp, type VersionedVector } from './format.ts'

interface Defaults {
  readonly historyRetentionMs?: number
  readonly segmentIntervalMs?: number
}

/** The operations of a vector in order, on one store. */
export function versionedStoreRule ({ id, ops, ...own }: VersionedVector, defaults: Defaults): Rule {
  return {
    id: `versionedStore/${id}`,
    run () {
      const { historyRetentionMs, segmentIntervalMs } = { ...defaults, ...own }
      if (historyRetentionMs === undefined) return ['it says no historyRetentionMs']
      const bench = openOperatorBench()
      const versioned = defineVersioned({ name: 'versions', value: serdes.string, historyRetentionMs, ...(segmentIntervalMs === undefined ? {} : { segmentIntervalMs }) })
      const store = openVersioned(bench.execution, bench.node('store'), versioned, serdes.string)
      return ops.flatMap((each, index) => differences(store, bench.dropped, each).map(difference => `op ${index}, ${each.op} ${each.key ?? ''}: ${difference}`))
    }
  }
}

function differences (store: VersionedStore<string, string>, dropped: readonly string[], { op, key = '', value = null, ts, asOf, returns, expect, total }: VersionedOp): readonly string[] {
  switch (op) {
    case 'put': {
      if (ts === undefined) return ['it needs ts']
      const validTo = store.put(key, value, ts)
      return returns === undefined ? [] : differs('returns', returns, validTo)
    }
    case 'get': return differs('found', expect, asExpected(store.get(key), expect))
    case 'getAsOf': return asOf === undefined ? ['it needs asOf'] : differs('found', expect, asExpected(store.getAsOf(key, asOf), expect))
    case 'delete': return ts === undefined ? ['it needs ts'] : differs('found', expect, asExpected(store.delete(key, ts), expect))
    case 'expectDroppedRecords': return differs('dropped records', total, dropped.length)
    default: return [`op '${op}' is not known; known are put, get, getAsOf, delete, expectDroppedRecords`]
  }
}

/** As the vector writes it: with those fields that it asks for. */
function asExpected (found: VersionedRecord<string> | undefined, expect: VersionedOp['expect']): unknown {
  if (found === undefined) return null
  const { value, timestamp, validTo = null } = found
  const all: Readonly<Record<string, unknown>> = { value, ts: timestamp, validTo }
  return expect === null || expect === undefined ? { value, ts: timestamp } : Object.fromEntries(Object.keys(expect).map(field => [field, all[field]]))
}
