import type { Ranked, SecondLook } from '../stores/reco-features.ts'
import { hashOf, ItemTable } from '../stores/item-table.ts'
import { best, kthBest, type Candidate } from './ranking.ts'

/** How many distinct items of a history are looked at. */
export const HISTORY_LOOKED_AT = 20

export interface RulesV2Input {
  readonly k: number
  /** The second look at the distinct items of the history, newest first, at most 20. */
  readonly look: Pick<SecondLook, 'related' | 'outgoing'>
  /** Most popular first; enough to fill up with when `hidden` are left out. */
  readonly popular: readonly Ranked[]
  /** Not to be recommended: excluded, and by default seen. */
  readonly hidden: ReadonlySet<string>
}

/**
 * rules-v2, the default. With c the co-visitation counts, n their sums out of an item, m into it, P the popularity:
 *
 *     s(i→j) = c_ij / ((n_i + 5)^0.75 · (m_j + 5)^0.25)
 *     C(j)   = Σ_d s(h_d→j) / d,  h_d the d-th newest of up to 20 distinct history items
 *     final  = C(j) / max C + 0.02 · log(1 + P_j) / log(1 + P_max),  0/0 = 0
 *
 * over the related items (top 100 of each) that are left after exclusion, filled up from the popular ones to k.
 * Item-to-item similarity with damped norms; the counts alone drown in popularity, see the contract's measurements.
 */
export function rulesV2 ({ k, look, popular, hidden }: RulesV2Input): Candidate[] {
  table.clear()
  for (const item of hidden) table.numberOf(item, hashOf(item))
  const first = table.size
  const most = look.related.reduce((total, { members }) => total + members.length, first + popular.length)
  if (most > columns.scores.length) columns = columnsFor(most)
  addRelated(look, first)
  fillUp(popular, first + k)
  return chooseBest(k, first, popular[0]?.count ?? 0)
}

/** What is hidden has the first numbers, then come the candidates. Nothing waits while a request is ranked, so all requests share it. */
const table = new ItemTable()

/** By number. There are up to 2,000 candidates: one object each would cost more than the formula. */
interface Columns {
  readonly coVisitation: Float64Array
  readonly popularity: Float64Array
  /** (m_j + 5)^0.25. */
  readonly damping: Float64Array
  readonly scores: Float64Array
}

let columns = columnsFor(4_096)

function columnsFor (candidates: number): Columns {
  return { coVisitation: new Float64Array(candidates), popularity: new Float64Array(candidates), damping: new Float64Array(candidates), scores: new Float64Array(candidates) }
}

function addRelated ({ related, outgoing }: RulesV2Input['look'], first: number): void {
  const { coVisitation, damping } = columns
  let d = 0
  for (const { members, hashes, counts, incoming, popularity } of related) {
    const from = Math.pow((outgoing[d] ?? 0) + 5, 0.75)
    d++
    for (let index = 0; index < members.length; index++) {
      const next = table.size
      const number = table.numberOf(members[index] ?? '', hashes[index] ?? 0)
      if (number < first) continue
      if (number === next) addCandidate(number, incoming[index] ?? 0, popularity[index] ?? 0)
      coVisitation[number] = (coVisitation[number] ?? 0) + (counts[index] ?? 0) / (from * (damping[number] ?? 1)) / d
    }
  }
}

function addCandidate (number: number, m: number, popularity: number): void {
  columns.coVisitation[number] = 0
  columns.damping[number] = dampedIn(m)
  columns.popularity[number] = popularity
}

function fillUp (popular: readonly Ranked[], end: number): void {
  for (const { member, count } of popular) {
    const next = table.size
    if (next >= end) return
    const number = table.numberOf(member, hashOf(member))
    if (number === next) addCandidate(number, 0, count)
  }
}

function chooseBest (k: number, first: number, maxPopularity: number): Candidate[] {
  const { coVisitation, popularity, scores } = columns
  const end = table.size
  let maxC = 0
  for (let number = first; number < end; number++) {
    const c = coVisitation[number] ?? 0
    if (c > maxC) maxC = c
  }
  const logMax = Math.log(1 + maxPopularity)
  for (let number = first; number < end; number++) scores[number] = relatedPart(coVisitation[number] ?? 0, maxC) + popularPart(popularity[number] ?? 0, logMax)
  const least = kthBest(scores.subarray(first, end), k)

  const candidates: Candidate[] = []
  for (let number = first; number < end; number++) {
    const score = scores[number] ?? 0
    if (score < least) continue
    const p = popularity[number] ?? 0
    candidates.push({ item: table.items[number] ?? '', score, coVisitation: relatedPart(coVisitation[number] ?? 0, maxC), popular: popularPart(p, logMax), popularity: p })
  }
  return best(candidates, k)
}

function relatedPart (c: number, maxC: number): number {
  return maxC > 0 ? c / maxC : 0
}

function popularPart (p: number, logMax: number): number {
  return logMax > 0 ? 0.02 * Math.log(1 + p) / logMax : 0
}

/** (m + 5)^0.25 of small m, worked out once: a request raises up to 2,000 numbers to this power. */
const ROOTS = new Float64Array(65_536)

function dampedIn (m: number): number {
  if (m >= ROOTS.length) return Math.pow(m + 5, 0.25)
  const known = ROOTS[m] ?? 0
  if (known > 0) return known
  const root = Math.pow(m + 5, 0.25)
  ROOTS[m] = root
  return root
}
