import { entriesOf, rankingOf, type Ranked, type StateReader } from '../streams/index.ts'
import { openGuardedReader } from './guarded-reader.ts'
import { NOTHING_KNOWN, readItemFeatures, type ItemFeatures, type Related } from './item-features.ts'
import { itemPopularity } from './item-popularity.ts'
import { isSchemaMissing } from './read-query.ts'
import { Recent } from './recent.ts'
import { CrowdedError, Turnstile } from './turnstile.ts'
import { userHistory } from './user-history.ts'

export type { Related } from './item-features.ts'

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
 * How old what is known of items may be: many requests share what is hot, and an answer must still show a change in well
 * under a second. A history, which changes with its user's every step, is never kept.
 */
const KEPT_MS = 250

/** 500 requests a second for 20 items each ask for 2,500 within the time above; 100 related items take some 10 kB. */
const ITEMS_KEPT = 2_500

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
 * nothing is answered from here that it has just stopped vouching for.
 */
export function openRecoFeatures ({ projection, postgres, timeoutMs = 250, onFallback, now }: RecoFeaturesOptions): RecoFeaturesReader {
  const kept = { keptMs: KEPT_MS, ...(now === undefined ? {} : { now }) }
  const items = new Recent<string, ItemFeatures>({ ...kept, maxSize: ITEMS_KEPT })
  const popular = new Recent<number, readonly Ranked[]>({ ...kept, maxSize: POPULAR_SIZES })
  const looks = new Turnstile(LOOKS)
  const fallbacks = new Turnstile(FALLBACKS)
  const forget = (): void => {
    items.clear()
    popular.clear()
  }
  const guarded = projection === undefined
    ? undefined
    : openGuardedReader({
      reader: projection,
      timeoutMs,
      onFailure (error) {
        forget()
        onFallback?.(error)
      },
      ...(now === undefined ? {} : { now })
    })

  /** What the projection answers, else Postgres; undefined where there is no schema yet. */
  async function ask<T> (skip: boolean, ofProjection: (reader: StateReader) => Promise<T>, ofPostgres: (reader: StateReader) => Promise<T>): Promise<{ answer: T | undefined, degraded: boolean }> {
    if (guarded !== undefined && !skip) {
      try {
        return { answer: await looks.run(async () => await ofProjection(guarded)), degraded: false }
      } catch (error) {
        if (error instanceof CrowdedError) throw new FeaturesUnavailableError('More is asked for than can be answered at once; try again in a moment.', { cause: error })
        // The guard has told of it.
      }
    }
    try {
      return { answer: await fallbacks.run(async () => await ofPostgres(postgres)), degraded: guarded !== undefined }
    } catch (error) {
      if (isSchemaMissing(error)) return { answer: undefined, degraded: true }
      if (error instanceof CrowdedError) throw new FeaturesUnavailableError('The projection does not answer, and too many wait for Postgres; check REDIS_URL.', { cause: error })
      throw new FeaturesUnavailableError('Neither the projection nor Postgres answers; check REDIS_URL and DATABASE_URL.', { cause: error })
    }
  }

  async function firstLook ({ user, popular: count }: { readonly user: string | undefined, readonly popular: number }): Promise<FirstLook> {
    const { answer, degraded } = await ask(false, async reader => await recentFirst(reader, popular, user, count), async reader => await readFirst(reader, user, count))
    return answer === undefined ? NOTHING_SEEN : { ...answer, degraded }
  }

  async function secondLook ({ items: asked, degraded: skip }: { readonly items: readonly string[], readonly degraded: boolean }): Promise<SecondLook> {
    const { answer = [], degraded } = await ask(skip, async reader => await recentItems(reader, items, asked), async reader => await readItemFeatures(reader, asked))
    return { related: answer.map(({ related }) => related), outgoing: answer.map(({ outgoing }) => outgoing), degraded }
  }

  return { firstLook, secondLook }
}

type FirstAnswer = Pick<FirstLook, 'history' | 'popular'>

async function readFirst (reader: StateReader, user: string | undefined, count: number): Promise<FirstAnswer> {
  const ranking = rankingOf(itemPopularity, { limit: count })
  if (user === undefined) {
    const [popular] = await reader.read([ranking])
    return { history: [], popular }
  }
  const [history, popular] = await reader.read([entriesOf(userHistory, { user_id: user }), ranking])
  return { history, popular }
}

/** Requests want a few items more or less; asked for in powers of two, they can share an answer. */
const FEWEST_POPULAR = 64

/** Of the sizes above up to what the largest request wants, with room. */
const POPULAR_SIZES = 16

async function recentFirst (reader: StateReader, recent: Recent<number, readonly Ranked[]>, user: string | undefined, count: number): Promise<FirstAnswer> {
  const size = Math.max(FEWEST_POPULAR, 2 ** Math.ceil(Math.log2(count)))
  const known = recent.find(size)
  if (known === undefined || user === undefined) {
    const asked = readFirst(reader, user, size)
    recent.hold(size, asked.then(({ popular }) => popular))
    const { history, popular } = await asked
    return { history, popular: popular.slice(0, count) }
  }
  const [[history], popular] = await Promise.all([reader.read([entriesOf(userHistory, { user_id: user })]), known])
  return { history, popular: popular.slice(0, count) }
}

async function recentItems (reader: StateReader, recent: Recent<string, ItemFeatures>, items: readonly string[]): Promise<readonly ItemFeatures[]> {
  const found = items.map(item => recent.find(item))
  const missing = new Set(items.filter((_, index) => found[index] === undefined))
  const read = missing.size === 0 ? undefined : await readMissing(reader, recent, [...missing])
  const features: ItemFeatures[] = []
  for (const [index, item] of items.entries()) {
    const known = found[index] ?? read?.get(item) ?? NOTHING_KNOWN
    // Nearly all are at hand, and waiting for those as well would cost a turn each.
    features.push(known instanceof Promise ? await known : known)
  }
  return features
}

async function readMissing (reader: StateReader, recent: Recent<string, ItemFeatures>, missing: readonly string[]): Promise<ReadonlyMap<string, ItemFeatures>> {
  const asked = readItemFeatures(reader, missing)
  for (const [index, item] of missing.entries()) recent.hold(item, asked.then(answers => answers[index] ?? NOTHING_KNOWN))
  const answers = await asked
  return new Map(missing.map((item, index) => [item, answers[index] ?? NOTHING_KNOWN]))
}
