import { isDeepStrictEqual } from 'node:util'
import type { TopologyJson } from '../graph/describe/json.ts'
import type { StoreJson } from '../graph/describe/store-json.ts'
import type { Finding } from './finding.ts'
import { compatible, difference, needsReset, renamed } from './verdict.ts'

/** A store's name is its table; what is in the table was written by the serdes and for the windows of then. */
export function compareStores (earlier: TopologyJson, now: TopologyJson): Finding[] {
  const { gone, added, both } = difference(earlier.stores, now.stores)
  const pairs = renamed(gone, added, isAlike)
  const renewed = [...pairs.values()]
  return [
    ...[...pairs].map(([old, { name }]) => needsReset(old.name, `This store is called '${name}' now${old.named ? '' : ', by another number'}: it would begin empty.`, `Name it '${old.name}'; or reset.`)),
    ...gone.filter(each => !pairs.has(each)).map(({ name }) => compatible(name, 'This store is gone; its table stays.')),
    ...added.filter(each => !renewed.includes(each)).map(({ name }) => compatible(name, 'This store is new and begins empty: what was processed before is not in it.')),
    ...both.flatMap(([old, each]) => compareStore(old, each))
  ]
}

function compareStore (old: StoreJson, { name, ...now }: StoreJson): Finding[] {
  const parts = [
    ['kind', old.shape ?? old.kind, now.shape ?? now.kind], ['key columns', old.key, now.key],
    ['key serde', old.keySerde, now.keySerde], ['value serde', old.valueSerde, now.valueSerde], ['windows', old.windows, now.windows]
  ] as const
  const changed = parts.filter(([, before, after]) => !isDeepStrictEqual(before, after))
    .map(([what, before, after]) => needsReset(name, `Its ${what} changed from ${print(before)} to ${print(after)}, and what is in it is of the old.`))
  if (changed.length > 0 || old.retentionMs === now.retentionMs) return changed
  return [compatible(name, `It keeps its rows for ${print(now.retentionMs)} ms where it was ${print(old.retentionMs)}; what was let go does not come back.`)]
}

function isAlike (one: StoreJson, other: StoreJson): boolean {
  return one.kind === other.kind && one.shape === other.shape && one.keySerde === other.keySerde && one.valueSerde === other.valueSerde && isDeepStrictEqual(one.key, other.key)
}

function print (value: unknown): string {
  return value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
}
