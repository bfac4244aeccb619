import { splitKey } from '../stores/columns.ts'
import type { Change, ListValue } from '../state/state.ts'
import { ownerOf, RANKING_ROOM, shardOf } from './layout.ts'

/**
 * What the apply script is told to do, as arrays that JSON carries.
 *
 * z: add to a ranking · l: put the newest entries before a list's first, where nothing between them is missing · f: replace a whole list · v: set a value
 */
export type Operation =
  | ['z', key: string, keep: number, room: number, ...membersAndCounts: (string | number)[]]
  | ['l', key: string, newest: number, length: number, ...newestEntriesNewestFirst: string[]]
  | ['f', key: string, newest: number, ...entriesNewestFirst: string[]]
  | ['v', key: string, version: number, value: string]

/** The operations of a unit's changes, by shard. Lists travel as what was added; `whole` sends them entire, for a reader that cannot know what was there. */
export function operationsOf (changes: readonly Change[], shards: number, { whole }: { readonly whole: boolean }): Operation[][] {
  const byShard: Operation[][] = Array.from({ length: shards }, () => [])
  for (const change of changes) {
    switch (change.kind) {
      case 'counter': addRankings(byShard, change, shards); break
      case 'list':
        for (const [key, value] of change.values) shardFor(byShard, change, key, shards)?.push(whole ? wholeList(change.store.name, key, value) : newEntries(change.store.name, key, value))
        break
      case 'keyed':
        for (const [key, { version, value }] of change.values) {
          shardFor(byShard, change, key, shards)?.push(['v', `${change.store.name}:${key}`, version, value === undefined ? '' : JSON.stringify(value)])
        }
    }
  }
  return byShard
}

function shardFor (byShard: Operation[][], { store }: Change, key: string, shards: number): Operation[] | undefined {
  return byShard[shardOf(ownerOf(store, key), shards)]
}

function addRankings (byShard: Operation[][], { store, counts }: Extract<Change, { kind: 'counter' }>, shards: number): void {
  const rankings = new Map<string, Operation>()
  for (const [key, count] of counts) {
    const [first = '', second] = splitKey(key)
    const name = second === undefined ? store.name : `${store.name}:${first}`
    let operation = rankings.get(name)
    if (operation === undefined) {
      operation = ['z', name, store.keep ?? 0, store.keep === undefined ? 0 : Math.max(RANKING_ROOM, store.keep)]
      rankings.set(name, operation)
      byShard[shardOf(ownerOf(store, key), shards)]?.push(operation)
    }
    operation.push(second ?? first, count)
  }
}

/** How many of a list's entries are new is not known here: the script takes those above what it has. */
function newEntries (store: string, key: string, { newest, entries }: ListValue): Operation {
  const added = entries.slice(0, NEW_ENTRIES)
  return ['l', `${store}:${key}`, newest, entries.length, ...added.map((entry, index) => `${newest - index}:${JSON.stringify(entry)}`)]
}

/** A unit seldom appends more than a few entries to one list; where it does, the script asks for the whole. */
const NEW_ENTRIES = 3

function wholeList (store: string, key: string, { newest, entries }: ListValue): Operation {
  return ['f', `${store}:${key}`, newest, ...entries.map((entry, index) => `${newest - index}:${JSON.stringify(entry)}`)]
}
