import fc from 'fast-check'
import type { FakeState } from './state.ts'

const item = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'é', '\uffff', '😀')
const count = fc.integer({ min: 1, max: 4 })

export interface World {
  readonly history: readonly string[]
  readonly popularity: Readonly<Record<string, number>>
  readonly links: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** Small worlds full of ties, in which everything is related to everything. */
export const worlds: fc.Arbitrary<World> = fc.record({
  history: fc.array(item, { maxLength: 8 }),
  popularity: fc.dictionary(item, count, { noNullPrototype: true }),
  links: fc.dictionary(item, fc.dictionary(item, count, { noNullPrototype: true }), { noNullPrototype: true })
})

/** The sum of all counts out of an item. */
export function outOf ({ links }: World, item: string): number {
  return Object.values(links[item] ?? {}).reduce((sum, count) => sum + count, 0)
}

/** The sum of all counts into an item. */
export function into ({ links }: World, item: string): number {
  return Object.values(links).reduce((sum, next) => sum + (next[item] ?? 0), 0)
}

/** The world as the stores hold it, with `u1` as its only user. */
export function stateOf (world: World): FakeState {
  const items = [...new Set([...Object.keys(world.links), ...Object.values(world.links).flatMap(Object.keys)])]
  return {
    lists: { user_history: { u1: world.history.map((item_id, index) => ({ item_id, ts: 1000 - index })) } },
    counters: {
      item_popularity: world.popularity,
      co_visitation_out: Object.fromEntries(items.map(item => [item, outOf(world, item)])),
      co_visitation_in: Object.fromEntries(items.map(item => [item, into(world, item)]))
    },
    rankings: { co_visitation: world.links }
  }
}

/** Score descending, then popularity descending, then the id's UTF-8 bytes. */
export function inOrder (world: World, scores: ReadonlyMap<string, number>): string[] {
  const popularity = (item: string): number => world.popularity[item] ?? 0
  const score = (item: string): number => scores.get(item) ?? 0
  return [...scores.keys()].sort((a, b) => score(b) - score(a) || popularity(b) - popularity(a) || Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
