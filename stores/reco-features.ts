import type { StateReader } from '../streams/index.ts'
import { openGuardedReader } from './guarded-reader.ts'
import type { Related } from './item-features.ts'
import { isSchemaMissing } from './read-query.ts'
import { openRecentFeatures, type FirstFeatures, type RecentFeatures } from './recent-features.ts'
import { CrowdedError, Turnstile } from './turnstile.ts'

export type { Related } from './item-features.ts'

/** The order of equals in every ranking. */
export { compareBytes, type Ranked } from '../streams/index.ts'

/** Both copies of the features failed: an outage, which goes away by itself. */
export class FeaturesUnavailableError extends Error {
  override readonly name = 'FeaturesUnavailableError'
}

export interface FirstLook extends FirstFeatures {
  /** The projection did not answer, or nothing did because there is no schema yet. */
  readonly degraded: boolean
}

export interface SecondLook {
  /** What was watched next, by item asked for, in their order; the best 100 of each. */
  readonly related: readonly Related[]
  /** n of rules-v2: the sum of all counts out of each item asked for, in their order. */
  readonly outgoing: readonly number[]
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
  /** Milliseconds on any clock that does not jump; for tests. */
  readonly now?: () => number
}

/**
 * How long an answer about items is kept: many requests share what is hot. It must still show a change in well under a second; where Postgres
 * answers, in about one, since the most popular items cost it tens of milliseconds each.
 */
const KEPT_MS = { projection: 250, postgres: 1_000 } as const

/**
 * Redis answers one after the other, so more at once are answered no sooner, only later all of them: then a busy machine would look like a
 * Redis that is away, and asking Postgres instead would make it busier.
 */
const LOOKS = { atOnce: 64, waiting: 256, waitMs: 250 } as const

/** A look at Postgres costs several times as much as one at the projection; more of them at once only take longer. */
const FALLBACKS = { atOnce: 4, waiting: 100, waitMs: 1_000 } as const

const NOTHING_SEEN: FirstLook = { history: [], popular: [], degraded: true }

/**
 * Features from the projection, and from Postgres where the projection fails, whatever its error.
 *
 * What the projection answered about items is kept for 250 ms, until it fails: every first look asks it for something, so
 * nothing is answered from here that it has just stopped vouching for. What Postgres answered is kept apart, for a second.
 */
export function openRecoFeatures ({ projection, postgres, timeoutMs = 250, onFallback, now }: RecoFeaturesOptions): RecoFeaturesReader {
  const clock = now === undefined ? {} : { now }
  const looks = new Turnstile(LOOKS)
  const fallbacks = new Turnstile(FALLBACKS)
  const truth = openRecentFeatures({ reader: postgres, keptMs: KEPT_MS.postgres, ...clock })
  const copy: RecentFeatures | undefined = projection === undefined
    ? undefined
    : openRecentFeatures({
      reader: openGuardedReader({
        reader: projection,
        timeoutMs,
        onFailure (error) {
          copy?.forget()
          onFallback?.(error)
        },
        ...clock
      }),
      keptMs: KEPT_MS.projection,
      ...clock
    })

  /** What the projection answers, else Postgres; undefined where there is no schema yet. */
  async function ask<T> (skip: boolean, question: (features: RecentFeatures) => Promise<T>): Promise<{ answer: T | undefined, degraded: boolean }> {
    if (copy !== undefined && !skip) {
      try {
        return { answer: await looks.run(async () => await question(copy)), degraded: false }
      } catch (error) {
        if (error instanceof CrowdedError) throw new FeaturesUnavailableError('More is asked for than can be answered at once; try again in a moment.', { cause: error })
        // The guard has told of it.
      }
    }
    try {
      return { answer: await fallbacks.run(async () => await question(truth)), degraded: copy !== undefined }
    } catch (error) {
      if (isSchemaMissing(error)) return { answer: undefined, degraded: true }
      if (error instanceof CrowdedError) throw new FeaturesUnavailableError('The projection does not answer, and too many wait for Postgres; check REDIS_URL.', { cause: error })
      throw new FeaturesUnavailableError('Neither the projection nor Postgres answers; check REDIS_URL and DATABASE_URL.', { cause: error })
    }
  }

  async function firstLook ({ user, popular }: { readonly user: string | undefined, readonly popular: number }): Promise<FirstLook> {
    const { answer, degraded } = await ask(false, async features => await features.first(user, popular))
    return answer === undefined ? NOTHING_SEEN : { ...answer, degraded }
  }

  async function secondLook ({ items, degraded: skip }: { readonly items: readonly string[], readonly degraded: boolean }): Promise<SecondLook> {
    const { answer = [], degraded } = await ask(skip, async features => await features.items(items))
    return { related: answer.map(({ related }) => related), outgoing: answer.map(({ outgoing }) => outgoing), degraded }
  }

  return { firstLook, secondLook }
}
