import type { Ranked, SecondLook } from '../stores/reco-features.ts'
import { best, type Candidate } from './ranking.ts'

/** How many of the newest history items lead to related ones. */
export const HISTORY_FOLLOWED = 5

export interface RulesV1Input {
  readonly k: number
  /** The whole history, newest first. */
  readonly history: readonly string[]
  /** The second look at `historyFollowed(history)`. */
  readonly look: Pick<SecondLook, 'related'>
  /** The top `popularNeeded(k)`. */
  readonly popular: readonly Ranked[]
  readonly excluded: ReadonlySet<string>
  /** `exclude_seen=none`: history items are candidates too, and cost 5. */
  readonly keepSeen: boolean
}

/** The items retrieved before ranking. */
function retrievalLimit (k: number): number {
  return Math.max(20 * k, 200)
}

/** How many popular items the first look must bring. */
export function popularNeeded (k: number): number {
  return Math.max(5 * retrievalLimit(k), 500)
}

/** The items whose related ones the second look must bring, newest first; what came twice is here twice, as in the original. */
export function historyFollowed (history: readonly string[]): readonly string[] {
  return history.slice(0, HISTORY_FOLLOWED)
}

/**
 * rules-v1, the literal original (recommender.md, from the system of spec 001).
 *
 *     retrieval: Σ_d cnt(h_d→j) / (d + 1), d = 0… over the last 5 history items, + 0.1 · P_j of the most popular; the best max(20·k, 200)
 *     ranking:   2.5 · cnt(last→j) + 1.0 · P_j − 5.0 · (j in history)
 *
 * A count outside an item's top 100 is 0, here as in every copy of the features.
 */
export function rulesV1 ({ k, history, look, popular, excluded, keepSeen }: RulesV1Input): Candidate[] {
  const seen = new Set(history)
  const isHidden = (item: string): boolean => excluded.has(item) || (!keepSeen && seen.has(item))
  const retrieved = retrieve({ look, popular, isHidden })
  const chosen = best(retrieved.values(), retrievalLimit(k))
  const newest = look.related[0]
  const fromLast = new Map(newest?.members.map((member, index) => [member, newest.counts[index] ?? 0]))
  for (const candidate of chosen) {
    candidate.coVisitation = 2.5 * (fromLast.get(candidate.item) ?? 0)
    candidate.popular = 1.0 * candidate.popularity
    candidate.score = candidate.coVisitation + candidate.popular - (seen.has(candidate.item) ? 5.0 : 0)
  }
  return best(chosen, k)
}

interface Retrieval extends Pick<RulesV1Input, 'look' | 'popular'> {
  readonly isHidden: (item: string) => boolean
}

function retrieve ({ look, popular, isHidden }: Retrieval): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>()
  for (const [depth, { members, counts, popularity }] of look.related.entries()) {
    for (const [index, member] of members.entries()) {
      if (!isHidden(member)) add(candidates, member, popularity[index] ?? 0, (counts[index] ?? 0) / (depth + 1))
    }
  }
  for (const { member, count } of popular) {
    if (!isHidden(member)) add(candidates, member, count, 0.1 * count)
  }
  return candidates
}

function add (candidates: Map<string, Candidate>, item: string, popularity: number, part: number): void {
  const known = candidates.get(item)
  if (known === undefined) candidates.set(item, { item, coVisitation: 0, popular: 0, score: part, popularity })
  else known.score += part
}
