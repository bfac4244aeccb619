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
  const known = new Members(incoming, popularity)
  return items.map((item, index) => ({
    related: rankedIn(answers[index]).map(({ member, count }) => known.related(member, count)),
    outgoing: outgoing?.get(item) ?? 0
  }))
}

type Counts = ReadonlyMap<string, number> | undefined

/** What is known of the members of all rankings: asked for in the rankings' order, they are found in the order in which the union has them. */
class Members {
  readonly #places = new Map<string, number>()
  readonly #incoming: readonly number[]
  readonly #popularity: readonly number[]

  constructor (incoming: Counts, popularity: Counts) {
    this.#incoming = [...incoming?.values() ?? []]
    this.#popularity = [...popularity?.values() ?? []]
  }

  related (member: string, count: number): Related {
    let place = this.#places.get(member)
    if (place === undefined) this.#places.set(member, place = this.#places.size)
    return { member, count, incoming: this.#incoming[place] ?? 0, popularity: this.#popularity[place] ?? 0 }
  }
}

function rankedIn (answer: unknown): readonly Ranked[] {
  return Array.isArray(answer) ? answer : []
}

function isCounts (answer: unknown): answer is ReadonlyMap<string, number> {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
}
