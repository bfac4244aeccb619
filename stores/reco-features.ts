import { countsOf, entriesOf, rankingOf, type AnswersOf, type Question, type Ranked, type StateReader } from '../streams/index.ts'
import { coVisitation } from './co-visitation.ts'
import { coVisitationIn } from './co-visitation-in.ts'
import { coVisitationOut } from './co-visitation-out.ts'
import { itemPopularity } from './item-popularity.ts'
import { userHistory } from './user-history.ts'
import { isSchemaMissing } from './read-query.ts'

/** The order of equals in every ranking. */
export { compareBytes, type Ranked } from '../streams/index.ts'

/** Both copies of the features failed: an outage, which goes away by itself. */
export class FeaturesUnavailableError extends Error {
  override readonly name = 'FeaturesUnavailableError'
}

export interface HistoryEntry {
  readonly item_id: string
  /** Milliseconds since 1970. */
  readonly ts: number
}

export interface FirstLook {
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  /** Most popular first. */
  readonly popular: readonly Ranked[]
  /** The projection did not answer, or nothing did because there is no schema yet. */
  readonly degraded: boolean
}

export interface SecondLook {
  /** What was watched next, by item asked for, in their order; the best 100 of each. */
  readonly related: readonly (readonly Ranked[])[]
  /** n of rules-v2, of the items asked for. */
  readonly outgoing: ReadonlyMap<string, number>
  /** m of rules-v2, of everything related. */
  readonly incoming: ReadonlyMap<string, number>
  /** Of everything related. */
  readonly popularity: ReadonlyMap<string, number>
  readonly degraded: boolean
}

/** All that /reco knows about the world, in at most two looks. Both reject with `FeaturesUnavailableError` when nothing answers. */
export interface RecoFeaturesReader {
  /** `user` left out: no history is read. */
  readonly firstLook: (asked: { readonly user: string | undefined, readonly popular: number }) => Promise<FirstLook>
  /** `degraded` of the first look: a projection that has just failed is not waited for again. */
  readonly secondLook: (asked: { readonly items: readonly string[], readonly degraded: boolean }) => Promise<SecondLook>
}

export interface RecoFeaturesOptions {
  /** The fast copy: Redis, or memory. Undefined where there is none by choice, which does not count as degraded. */
  readonly projection: StateReader | undefined
  readonly postgres: StateReader
  /** How long the projection may take before Postgres is asked. */
  readonly timeoutMs?: number
  /** Told of every failure of the projection. */
  readonly onFallback?: (error: unknown) => void
}

const RELATED = 100

const NOTHING_SEEN: FirstLook = { history: [], popular: [], degraded: true }

/** Features from the projection, and from Postgres where the projection fails, whatever its error. */
export function openRecoFeatures ({ projection, postgres, timeoutMs = 100, onFallback }: RecoFeaturesOptions): RecoFeaturesReader {
  async function ask<const Q extends readonly Question[]> (questions: Q, skipProjection: boolean): Promise<{ answers: AnswersOf<Q> | undefined, degraded: boolean }> {
    if (projection !== undefined && !skipProjection) {
      try {
        return { answers: await withTimeout(projection.read(questions), timeoutMs), degraded: false }
      } catch (error) {
        onFallback?.(error)
      }
    }
    const degraded = projection !== undefined
    try {
      return { answers: await postgres.read(questions), degraded }
    } catch (error) {
      if (isSchemaMissing(error)) return { answers: undefined, degraded: true }
      throw new FeaturesUnavailableError('Neither the projection nor Postgres answers; check REDIS_URL and DATABASE_URL.', { cause: error })
    }
  }

  async function firstLook ({ user, popular }: { readonly user: string | undefined, readonly popular: number }): Promise<FirstLook> {
    const ranking = rankingOf(itemPopularity, { limit: popular })
    if (user === undefined) {
      const { answers, degraded } = await ask([ranking], false)
      return answers === undefined ? NOTHING_SEEN : { history: [], popular: answers[0], degraded }
    }
    const { answers, degraded } = await ask([entriesOf(userHistory, { user_id: user }), ranking], false)
    return answers === undefined ? NOTHING_SEEN : { history: answers[0], popular: answers[1], degraded }
  }

  async function secondLook ({ items, degraded: skip }: { readonly items: readonly string[], readonly degraded: boolean }): Promise<SecondLook> {
    const union = { unionOf: items.map((_, index) => index) }
    const related = items.map(item => rankingOf(coVisitation, { owner: item, limit: RELATED }))
    const totals = [countsOf(coVisitationOut, items), countsOf(coVisitationIn, union), countsOf(itemPopularity, union)] as const
    // Rankings come first, since the union counts them by index.
    const { answers, degraded } = await ask([...related, ...totals], skip)
    return { ...splitAnswers(answers ?? [], items.length), degraded }
  }

  return { firstLook, secondLook }
}

type Answer = readonly Ranked[] | ReadonlyMap<string, number>

function splitAnswers (answers: readonly Answer[], count: number) {
  const related = answers.slice(0, count).filter(isRanking)
  const [outgoing, incoming, popularity] = answers.slice(count).filter(isCounts)
  const none: ReadonlyMap<string, number> = new Map()
  return { related, outgoing: outgoing ?? none, incoming: incoming ?? none, popularity: popularity ?? none }
}

function isRanking (answer: Answer): answer is readonly Ranked[] {
  return Array.isArray(answer)
}

function isCounts (answer: Answer): answer is ReadonlyMap<string, number> {
  return answer instanceof Map
}

async function withTimeout<T> (answer: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, ms, new Error(`The projection took more than ${ms} ms.`))
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
