import { countsOf, rankingOf, type Question, type Ranked, type StateReader } from '../streams/index.ts'
import { coVisitation } from './co-visitation.ts'
import { coVisitationIn } from './co-visitation-in.ts'
import { coVisitationOut } from './co-visitation-out.ts'
import { itemPopularity } from './item-popularity.ts'
import { hashOf, ItemTable } from './item-table.ts'

/** Items that were watched after another one, most often first, in columns: an object each would cost more than what is done with it. */
export interface Related {
  readonly members: readonly string[]
  /** For an `ItemTable`. */
  readonly hashes: readonly number[]
  readonly counts: readonly number[]
  /** m of rules-v2: the sum of all counts into the member. */
  readonly incoming: readonly number[]
  /** Of the member. */
  readonly popularity: readonly number[]
}

/** What does not depend on who asks. */
export interface ItemFeatures {
  /** What was watched next, the best 100. */
  readonly related: Related
  /** n of rules-v2: the sum of all counts out of the item. */
  readonly outgoing: number
}

const RELATED = 100

export const NOTHING_KNOWN: ItemFeatures = { related: { members: [], hashes: [], counts: [], incoming: [], popularity: [] }, outgoing: 0 }

/** In the order of `items`, in one look. */
export async function readItemFeatures (reader: StateReader, items: readonly string[]): Promise<readonly ItemFeatures[]> {
  const all = { unionOf: items.map((_, index) => index) }
  const rankings: readonly Question[] = items.map(item => rankingOf(coVisitation, { owner: item, limit: RELATED }))
  // Rankings come first, since the union counts them by index.
  const answers: readonly unknown[] = await reader.read([...rankings, countsOf(coVisitationOut, items), countsOf(coVisitationIn, all), countsOf(itemPopularity, all)])
  const [outgoing, incoming, popularity] = answers.slice(items.length).filter(isCounts)
  const known = { incoming: valuesOf(incoming), popularity: valuesOf(popularity) }
  union.clear()
  return items.map((item, index) => ({ related: relatedIn(answers[index], known), outgoing: outgoing?.get(item) ?? 0 }))
}

/** The members of all rankings of an answer: they are counted in the order in which they first appear. Nothing waits while it is used. */
const union = new ItemTable()

function relatedIn (ranking: unknown, known: Pick<Related, 'incoming' | 'popularity'>): Related {
  if (!isRanking(ranking)) return NOTHING_KNOWN.related
  const members: string[] = []
  const hashes: number[] = []
  const counts: number[] = []
  const incoming: number[] = []
  const popularity: number[] = []
  for (const { member, count } of ranking) {
    const hash = hashOf(member)
    const number = union.numberOf(member, hash)
    members.push(member)
    hashes.push(hash)
    counts.push(count)
    incoming.push(known.incoming[number] ?? 0)
    popularity.push(known.popularity[number] ?? 0)
  }
  return { members, hashes, counts, incoming, popularity }
}

function isRanking (answer: unknown): answer is readonly Ranked[] {
  return Array.isArray(answer)
}

/** Spreading the iterator takes several times as long. */
function valuesOf (counts: ReadonlyMap<string, number> | undefined): readonly number[] {
  const values: number[] = []
  if (counts !== undefined) for (const count of counts.values()) values.push(count)
  return values
}

function isCounts (answer: unknown): answer is ReadonlyMap<string, number> {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
}
