import { entriesOf, rankingOf, type Ranked, type StateReader } from '../streams/index.ts'
import { NOTHING_KNOWN, readItemFeatures, type ItemFeatures } from './item-features.ts'
import { itemPopularity } from './item-popularity.ts'
import { Recent } from './recent.ts'
import { userHistory } from './user-history.ts'

export interface HistoryEntry {
  readonly item_id: string
  /** Milliseconds since 1970. */
  readonly ts: number
}

export interface FirstFeatures {
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  /** Most popular first. */
  readonly popular: readonly Ranked[]
}

/** What one reader knows of users and items. */
export interface RecentFeatures {
  /** Asks the reader each time, be it for the history alone: so it fails where the reader does. `user` left out: no history is read. */
  readonly first: (user: string | undefined, popular: number) => Promise<FirstFeatures>
  /** In the order asked for. */
  readonly items: (items: readonly string[]) => Promise<readonly ItemFeatures[]>
  /** Nothing that is kept answers from now on. */
  readonly forget: () => void
}

export interface RecentFeaturesOptions {
  readonly reader: StateReader
  /** How old an answer about items may be. A history, which changes with its user's every step, is never kept. */
  readonly keptMs: number
  /** Milliseconds on any clock that does not jump; for tests. */
  readonly now?: () => number
}

/** 500 requests a second for 20 items each ask for 2,500 within a quarter of a second; 100 related items take some 10 kB. */
const ITEMS_KEPT = 2_500

/** Requests want a few items more or less; asked for in powers of two, they can share an answer. */
const FEWEST_POPULAR = 64

/** Of the sizes above up to what the largest request wants, with room. */
const POPULAR_SIZES = 16

/** Asks the reader once for what many requests want at the same time: the popular items, and what is known of each. */
export function openRecentFeatures ({ reader, ...kept }: RecentFeaturesOptions): RecentFeatures {
  const heldItems = new Recent<string, ItemFeatures>({ ...kept, maxSize: ITEMS_KEPT })
  const heldRankings = new Recent<number, readonly Ranked[]>({ ...kept, maxSize: POPULAR_SIZES })

  async function first (user: string | undefined, count: number): Promise<FirstFeatures> {
    const size = Math.max(FEWEST_POPULAR, 2 ** Math.ceil(Math.log2(count)))
    const known = heldRankings.find(size)
    if (known === undefined || user === undefined) {
      const asked = readFirst(reader, user, size)
      heldRankings.hold(size, asked.then(({ popular }) => popular))
      const { history, popular } = await asked
      return { history, popular: popular.slice(0, count) }
    }
    const [[history], popular] = await Promise.all([reader.read([entriesOf(userHistory, { user_id: user })]), known])
    return { history, popular: popular.slice(0, count) }
  }

  async function items (asked: readonly string[]): Promise<readonly ItemFeatures[]> {
    const found = asked.map(item => heldItems.find(item))
    const missing = new Set(asked.filter((_, index) => found[index] === undefined))
    const read = missing.size === 0 ? undefined : await readMissing([...missing])
    const features: ItemFeatures[] = []
    for (const [index, item] of asked.entries()) {
      const feature = found[index] ?? read?.get(item) ?? NOTHING_KNOWN
      // Nearly all are at hand, and waiting for those as well would cost a turn each.
      features.push(feature instanceof Promise ? await feature : feature)
    }
    return features
  }

  async function readMissing (missing: readonly string[]): Promise<ReadonlyMap<string, ItemFeatures>> {
    const asked = readItemFeatures(reader, missing)
    for (const [index, item] of missing.entries()) heldItems.hold(item, asked.then(answers => answers[index] ?? NOTHING_KNOWN))
    const answers = await asked
    return new Map(missing.map((item, index) => [item, answers[index] ?? NOTHING_KNOWN]))
  }

  return {
    first,
    items,
    forget () {
      heldItems.clear()
      heldRankings.clear()
    }
  }
}

async function readFirst (reader: StateReader, user: string | undefined, count: number): Promise<FirstFeatures> {
  const ranking = rankingOf(itemPopularity, { limit: count })
  if (user === undefined) {
    const [popular] = await reader.read([ranking])
    return { history: [], popular }
  }
  const [history, popular] = await reader.read([entriesOf(userHistory, { user_id: user }), ranking])
  return { history, popular }
}
