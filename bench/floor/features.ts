import { toMillis } from '../../schemas/time.ts'
import type { Watch } from '../../schemas/watch.ts'

export interface HistoryEntry {
  readonly user: string
  readonly pos: number
  readonly item: string
  readonly ts: number
}

/** What a batch adds. */
export interface FeatureChanges {
  readonly popularity: ReadonlyMap<string, number>
  /** previous → next → how often. */
  readonly links: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly outgoing: ReadonlyMap<string, number>
  readonly incoming: ReadonlyMap<string, number>
  readonly entries: readonly HistoryEntry[]
  /** The newest position of each user who watched. */
  readonly newest: ReadonlyMap<string, number>
  /** Of those users, who has older entries than are kept, and up to where. */
  readonly forgotten: ReadonlyMap<string, number>
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>
}

/** The histories of all users, in memory; begins with none. */
export class Features {
  readonly #keep: number
  readonly #histories = new Map<string, HistoryEntry[]>()

  constructor (keep: number) {
    this.#keep = keep
  }

  learn (watches: readonly Watch[]): FeatureChanges {
    const popularity = new Map<string, number>()
    const links = new Map<string, Map<string, number>>()
    const outgoing = new Map<string, number>()
    const incoming = new Map<string, number>()
    const newest = new Map<string, number>()
    const forgotten = new Map<string, number>()
    const histories = new Map<string, readonly HistoryEntry[]>()
    let entries: HistoryEntry[] = []
    for (const watch of watches) {
      const { user_id: user, item_id: item } = watch
      let history = this.#histories.get(user)
      if (history === undefined) this.#histories.set(user, history = [])
      const last = history.at(-1)
      add(popularity, item, weightOf(watch))
      if (last !== undefined && last.item !== item) {
        let following = links.get(last.item)
        if (following === undefined) links.set(last.item, following = new Map())
        add(following, item, 1)
        add(outgoing, last.item, 1)
        add(incoming, item, 1)
      }
      const entry = { user, pos: (last?.pos ?? 0) + 1, item, ts: toMillis(watch.ts_ms) }
      history.push(entry)
      entries.push(entry)
      newest.set(user, entry.pos)
      histories.set(user, history)
      if (history.length > this.#keep) {
        history.shift()
        forgotten.set(user, entry.pos - this.#keep)
      }
    }
    // Who watches more than is kept within one batch would have entries written only to be deleted.
    if (forgotten.size > 0) entries = entries.filter(({ user, pos }) => pos > (forgotten.get(user) ?? 0))
    return { popularity, links, outgoing, incoming, entries, newest, forgotten, histories }
  }
}

export function weightOf ({ percent_watched: percent, watch_time_sec: seconds }: Watch): number {
  const watched = percent ?? 0
  if (watched >= 80 || seconds >= 120) return 10
  return watched >= 40 || seconds >= 30 ? 3 : 1
}

function add (counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}
