import { splitKey } from '../stores/columns.ts'
import type { Store } from '../stores/store.ts'

/**
 * Where state lies in Redis. Every key begins with `{<application id>:<shard>}:`, so that all keys of a shard are in one
 * slot of a cluster and one script can touch them; then comes the build number, so that a build never mixes with another.
 *
 *   {reco:0}:fence                          what the shard holds, see redis-projection.ts
 *   {reco:0}:7:item_popularity              sorted set, counts negated
 *   {reco:0}:7:co_visitation:<item>         sorted set per first key column
 *   {reco:0}:7:user_history:<user>          list, newest first, each `<number>:<entry as JSON>`
 *   {reco:0}:7:<keyed store>:<key>          string, `<version>:<value as JSON>`; a tombstone has no value
 */
export function shardPrefix (applicationId: string, shard: number): string {
  return `{${applicationId}:${shard}}:`
}

export const FENCE = 'fence'

/** Whose state a shard holds: that of a schema's generation, in one of so many shards. Over another number of them the same keys lie elsewhere. */
export function holdingOf (generation: string, shards: number): string {
  return `${generation}/${shards}`
}

/** The shard of an owner: FNV-1a of its UTF-16 units. Whole-store rankings are owned by the store itself. */
export function shardOf (owner: string, shards: number): number {
  if (shards === 1) return 0
  let hash = 0x811c9dc5
  for (let index = 0; index < owner.length; index++) hash = Math.imul(hash ^ owner.charCodeAt(index), 0x01000193)
  return (hash >>> 0) % shards
}

export function ownerOf (store: Store, key: string): string {
  return store.kind === 'counter' && store.key.length === 1 ? store.name : splitKey(key)[0] ?? ''
}

/** Entries are kept compact up to this many; a ranking is cut back to what is promised when it has grown beyond. */
export const RANKING_ROOM = 128
