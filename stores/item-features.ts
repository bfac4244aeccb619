import { countsOf, rankingOf, type Question, type Ranked, type StateReader } from '../streams/index.ts'
import { coVisitation } from './co-visitation.ts'
import { coVisitationIn } from './co-visitation-in.ts'
import { coVisitationOut } from './co-visitation-out.ts'
import { itemPopularity } from './item-popularity.ts'

/** An item that was watched after another one. */
export interface Related extends Ranked {
  /** m of rules-v2: the sum of all counts into the member. */
  readonly incoming: number
  /** Of the member. */
  readonly popularity: number
}

/** What does not depend on who asks. */
export interface ItemFeatures {
  /** What was watched next, the best 100. */
  readonly related: readonly Related[]
  /** n of rules-v2: the sum of all counts out of the item. */
  readonly outgoing: number
}

const RELATED = 100

export const NOTHING_KNOWN: ItemFeatures = { related: [], outgoing: 0 }

/** In the order of `items`, in one look. */
export async function readItemFeatures (reader: StateReader, items: readonly string[]): Promise<readonly ItemFeatures[]> {
  const union = { unionOf: items.map((_, index) => index) }
  const rankings: readonly Question[] = items.map(item => rankingOf(coVisitation, { owner: item, limit: RELATED }))
  // Rankings come first, since the union counts them by index.
  const answers: readonly unknown[] = await reader.read([...rankings, countsOf(coVisitationOut, items), countsOf(coVisitationIn, union), countsOf(itemPopularity, union)])
  const [outgoing, incoming, popularity] = answers.slice(items.length).filter(isCounts)
  return items.map((item, index) => ({
    related: rankedIn(answers[index]).map(({ member, count }) => ({ member, count, incoming: incoming?.get(member) ?? 0, popularity: popularity?.get(member) ?? 0 })),
    outgoing: outgoing?.get(item) ?? 0
  }))
}

function rankedIn (answer: unknown): readonly Ranked[] {
  return Array.isArray(answer) ? answer : []
}

function isCounts (answer: unknown): answer is ReadonlyMap<string, number> {
  return answer instanceof Map
}
