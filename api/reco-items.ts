import type { Explanation, RecoQuery } from '../schemas/reco.ts'
import { isYes } from '../schemas/reco.ts'
import type { RecoFeaturesReader, SecondLook } from '../stores/reco-features.ts'
import type { Candidate } from './ranking.ts'
import { reasonsFor } from './reasons.ts'
import { historyFollowed, popularNeeded, rulesV1 } from './rules-v1.ts'
import { HISTORY_LOOKED_AT, rulesV2 } from './rules-v2.ts'

export interface RecoItems {
  readonly items: string[]
  readonly explanations: Explanation[] | undefined
  readonly degraded: boolean
}

export interface RecoItemsOptions {
  readonly features: RecoFeaturesReader
  /** How long a history can be: so many popular items may turn out to be seen. */
  readonly historySize: number
}

const NOTHING_RELATED: SecondLook = { related: [], outgoing: [], degraded: false }

/** Looks at the features, at most twice, and ranks. */
export async function recoItems (query: RecoQuery, { features, historySize }: RecoItemsOptions): Promise<RecoItems> {
  const seeds = query.seed_item?.length === 0 ? undefined : query.seed_item
  const first = await features.firstLook({ user: seeds === undefined ? query.user_id : undefined, popular: popularAsked(query, seeds?.length ?? historySize) })
  const history = seeds ?? first.history.map(entry => entry.item_id)
  const followed = query.strategy === 'rules-v1' ? historyFollowed(history) : newestDistinct(history)
  const look = followed.length === 0 ? NOTHING_RELATED : await features.secondLook({ items: followed, degraded: first.degraded })

  const excluded = new Set(query.exclude)
  const keepSeen = query.exclude_seen === 'none'
  const ranked = query.strategy === 'rules-v1'
    ? rulesV1({ k: query.k, history, look, popular: first.popular, excluded, keepSeen })
    : rulesV2({ k: query.k, look, popular: first.popular, hidden: keepSeen ? excluded : excluded.union(new Set(history)) })

  return {
    items: ranked.map(candidate => candidate.item),
    explanations: isYes(query.explain) ? explain(ranked, followed, look.related) : undefined,
    degraded: first.degraded || look.degraded
  }
}

/** Enough to answer with k items however many of them turn out to be excluded, seen, or candidates already. */
function popularAsked ({ strategy, k, exclude = [] }: RecoQuery, historyLength: number): number {
  return strategy === 'rules-v1' ? popularNeeded(k) : k + exclude.length + historyLength
}

function newestDistinct (history: readonly string[]): readonly string[] {
  return [...new Set(history)].slice(0, HISTORY_LOOKED_AT)
}

function explain (ranked: readonly Candidate[], followed: readonly string[], related: SecondLook['related']): Explanation[] {
  const reasons = reasonsFor(ranked.map(candidate => candidate.item), followed, related)
  return ranked.map(({ item, score, coVisitation, popular }) => ({
    item_id: item,
    score,
    co_visitation: coVisitation,
    popularity: popular,
    because: [...reasons.get(item) ?? []]
  }))
}
