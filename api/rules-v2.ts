import type { Ranked, SecondLook } from '../stores/reco-features.ts'
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
  const pool = poolOf(look, popular.length)
  addRelated(pool, look)
  for (const item of hidden) pool.slots.delete(item)
  fillUp(pool, { k, popular, hidden })
  return chooseBest(pool, k, popular[0]?.count ?? 0)
}

/** The candidates in columns, since there are up to 2,000 of them: one object each would cost more than the formula. */
interface Pool {
  readonly slots: Map<string, number>
  readonly coVisitation: Float64Array
  /** (m_j + 5)^0.25. */
  readonly damping: Float64Array
  readonly popularity: Float64Array
  used: number
}

function poolOf ({ related }: RulesV2Input['look'], popularCount: number): Pool {
  const size = related.reduce((total, { length }) => total + length, popularCount)
  return { slots: new Map(), coVisitation: new Float64Array(size), damping: new Float64Array(size), popularity: new Float64Array(size), used: 0 }
}

function addSlot (pool: Pool, item: string, m: number, popularity: number): number {
  const slot = pool.used++
  pool.slots.set(item, slot)
  pool.damping[slot] = dampedIn(m)
  pool.popularity[slot] = popularity
  return slot
}

function addRelated (pool: Pool, { related, outgoing }: RulesV2Input['look']): void {
  const { slots, coVisitation, damping } = pool
  for (const [index, entries] of related.entries()) {
    const d = index + 1
    const from = Math.pow((outgoing[index] ?? 0) + 5, 0.75)
    for (const { member, count, incoming, popularity } of entries) {
      const slot = slots.get(member) ?? addSlot(pool, member, incoming, popularity)
      coVisitation[slot] = (coVisitation[slot] ?? 0) + count / (from * (damping[slot] ?? 1)) / d
    }
  }
}

function fillUp (pool: Pool, { k, popular, hidden }: Pick<RulesV2Input, 'k' | 'popular' | 'hidden'>): void {
  for (const { member, count } of popular) {
    if (pool.slots.size >= k) return
    if (!hidden.has(member) && !pool.slots.has(member)) addSlot(pool, member, 0, count)
  }
}

function chooseBest ({ slots, coVisitation, popularity }: Pool, k: number, maxPopularity: number): Candidate[] {
  let maxC = 0
  for (const slot of slots.values()) maxC = Math.max(maxC, coVisitation[slot] ?? 0)
  const logMax = Math.log(1 + maxPopularity)
  const related = (slot: number): number => maxC > 0 ? (coVisitation[slot] ?? 0) / maxC : 0
  const popular = (slot: number): number => logMax > 0 ? 0.02 * Math.log(1 + (popularity[slot] ?? 0)) / logMax : 0

  const scores = new Float64Array(slots.size)
  let next = 0
  for (const slot of slots.values()) scores[next++] = related(slot) + popular(slot)
  const least = kthBest(scores, k)

  const candidates: Candidate[] = []
  next = 0
  for (const [item, slot] of slots) {
    const score = scores[next++] ?? 0
    if (score >= least) candidates.push({ item, score, coVisitation: related(slot), popular: popular(slot), popularity: popularity[slot] ?? 0 })
  }
  return best(candidates, k)
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
