import Type, { type Static } from 'typebox'
import { defineTopic, defineTopology, serdes, sessionWindows } from '../streams/index.ts'

const PageView = Type.Object({ page: Type.String() })
const Seen = Type.Object({ views: Type.Integer(), pages: Type.Array(Type.String()) })
const Visit = Type.Object({ ...Seen.properties, seconds: Type.Number() })

/** Keyed by the visitor. */
export const pageViews = defineTopic({ name: 'page-views', value: serdes.json(PageView) })
export const visits = defineTopic({ name: 'visits', value: serdes.json(Visit) })

const HALF_AN_HOUR = 1_800_000
/** Longer than any gap between two records: as in Kafka Streams, a session that the store lets go first is never handed on. */
const DAY = 86_400_000

const nothing: Static<typeof Seen> = { views: 0, pages: [] }

/**
 * Page views of a visitor, made visits: views less than half an hour apart are of one.
 *
 * A view that comes late may join two visits into one, which is what the third function is for. So a visit is made of what
 * does not depend on the order of its views. It is handed on once, when nothing can be added to it any more: when stream time
 * has passed its last view by the gap and the grace.
 */
export const sessions = defineTopology('sessions', ({ stream }) => {
  stream(pageViews, { name: 'page-views' })
    .filter(view => view !== null, { name: 'real-views' })
    .groupByKey()
    .windowedBy(sessionWindows({ inactivityGapMs: HALF_AN_HOUR, graceMs: 60_000 }))
    .emitStrategy('on-window-close')
    .aggregate(() => nothing,
      (visit, { page }) => ({ views: visit.views + 1, pages: both(visit.pages, [page]) }),
      (one, other) => ({ views: one.views + other.views, pages: both(one.pages, other.pages) }),
      { name: 'grow', store: { name: 'visits-by-visitor', retentionMs: DAY } })
    .toStream({ name: 'closed' })
    .filter(visit => visit !== null, { name: 'real-visits' })
    .map((visit, { key: visitor, window }) => [visitor, { ...visit, seconds: (window.end - window.start) / 1_000 }], { name: 'by-visitor' })
    .to(visits, { name: 'visits' })
})

function both (some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])].sort()
}
