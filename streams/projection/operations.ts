import { splitKey } from '../stores/columns.ts'
import type { Change, ListValue } from '../state/state.ts'
import { ownerOf, RANKING_ROOM, shardOf } from './layout.ts'

/**
 * What the apply script is told to do, as arrays that JSON carries. What it hands on to a command stands as that command
 * takes it, so that the script touches none of it.
 *
 * z: add to a ranking · l: put the newest entries before a list's first, where nothing between them is missing · f: replace a whole list · v: set a value
 */
export type Operation =
  | ['z', key: string, keep: number, room: number, ...scoresAndMembers: string[]]
  | ['l', key: string, newest: number, length: number, ...newestEntriesOldestFirst: string[]]
  | ['f', key: string, newest: number, ...entriesOldestFirst: string[]]
  | ['v', key: string, version: number, value: string]

/** The operations of a unit's changes, by shard. A list travels as what was added to it where that is known, else whole. */
export function operationsOf (changes: readonly Change[], shards: number): Operation[][] {
  const byShard: Operation[][] = Array.from({ length: shards }, () => [])
  for (const change of changes) {
    switch (change.kind) {
      case 'counter': addRankings(byShard, change, shards); break
      case 'list':
        for (const [key, value] of change.values) shardFor(byShard, change, key, shards)?.push(listOperation(change.store.name, key, value))
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
    operation.push(String(-count), second ?? first)
  }
}

/** The lists that a shard asked to be sent whole, by the names it knows them by. */
export function wholeLists (changes: readonly Change[], names: ReadonlySet<string>): Operation[] {
  return changes.flatMap(change => change.kind !== 'list'
    ? []
    : [...change.values].flatMap(([key, value]) => names.has(`${change.store.name}:${key}`) ? [wholeList(change.store.name, key, value)] : []))
}

function listOperation (store: string, key: string, value: ListValue & { readonly added?: number }): Operation {
  const { newest, entries, added = entries.length } = value
  if (added >= entries.length && added !== newest) return wholeList(store, key, value)
  return ['l', `${store}:${key}`, newest, entries.length, ...numbered(newest, entries.slice(0, added))]
}

function wholeList (store: string, key: string, { newest, entries }: ListValue): Operation {
  return ['f', `${store}:${key}`, newest, ...numbered(newest, entries)]
}

function numbered (newest: number, entries: readonly object[]): string[] {
  return entries.map((entry, index) => `${newest - index}:${JSON.stringify(entry)}`).reverse()
}
