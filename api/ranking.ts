import { compareBytes } from '../stores/reco-features.ts'

export interface Candidate {
  readonly item: string
  /** What `score` is made of: the part of the history, and the part of popularity. */
  coVisitation: number
  popular: number
  score: number
  /** How popular the item is, which decides between equal scores. */
  popularity: number
}

/** Score, then popularity, then the id's bytes. Below zero: a stands before b. */
export function compareCandidates (a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return b.score - a.score
  if (a.popularity !== b.popularity) return b.popularity - a.popularity
  return compareBytes(a.item, b.item)
}

/**
 * The best `k` in order. One pass with a short sorted list: nearly every candidate of thousands is refused by its first
 * comparison with the k-th.
 */
export function best (candidates: Iterable<Candidate>, k: number): Candidate[] {
  const chosen: Candidate[] = []
  for (const candidate of candidates) {
    const last = chosen[k - 1]
    if (last !== undefined && compareCandidates(candidate, last) >= 0) continue
    chosen.splice(placeOf(candidate, chosen), 0, candidate)
    if (chosen.length > k) chosen.pop()
  }
  return chosen
}

function placeOf (candidate: Candidate, chosen: readonly Candidate[]): number {
  let low = 0
  let high = chosen.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = chosen[middle]
    if (other !== undefined && compareCandidates(candidate, other) >= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The k-th highest of the scores, −∞ where there are fewer: whatever is below need not be looked at. */
export function kthBest (scores: Float64Array, k: number): number {
  if (scores.length < k) return -Infinity
  const highest = new Float64Array(k).fill(-Infinity)
  for (const score of scores) {
    if (score <= (highest[0] ?? 0)) continue
    let place = 0
    while (place + 1 < k && (highest[place + 1] ?? 0) < score) {
      highest[place] = highest[place + 1] ?? 0
      place++
    }
    highest[place] = score
  }
  return highest[0] ?? -Infinity
}
