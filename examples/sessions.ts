import Type from 'typebox'
import { defineTopic, defineTopology, serdes, sessionWindows } from '../streams/index.ts'

const PageView = Type.Object({ page: Type.String() })
const Visit = Type.Object({ pages: Type.Integer(), entry: Type.String(), exit: Type.String(), seconds: Type.Number() })

/** Keyed by the visitor. */
export const pageViews = defineTopic({ name: 'page-views', value: serdes.json(PageView) })
export const visits = defineTopic({ name: 'visits', value: serdes.json(Visit) })

const HALF_AN_HOUR = 1_800_000

/**
 * Page views of a visitor, made visits: views less than half an hour apart are of one.
 *
 * A view that comes late may join two visits into one, which is what the third function is for. A visit is handed on once,
 * when nothing can be added to it any more: when stream time has passed its last view by the gap and the grace.
 */
export const sessions = defineTopology('sessions', ({ stream }) => {
  stream(pageViews, { name: 'page-views' })
    .filter(view => view !== null, { name: 'real-views' })
    .groupByKey()
    .windowedBy(sessionWindows({ inactivityGapMs: HALF_AN_HOUR, graceMs: 60_000 }))
    .emitStrategy('on-window-close')
    .aggregate(() => ({ pages: 0, entry: '', exit: '' }),
      (visit, { page }) => ({ pages: visit.pages + 1, entry: visit.entry || page, exit: page }),
      (earlier, later) => ({ pages: earlier.pages + later.pages, entry: earlier.entry || later.entry, exit: later.exit || earlier.exit }),
      { name: 'grow', store: { name: 'visits-by-visitor' } })
    .toStream({ name: 'closed' })
    .filter(visit => visit !== null, { name: 'real-visits' })
    .map((visit, { key: visitor, window }) => [visitor, { ...visit, seconds: (window.end - window.start) / 1_000 }], { name: 'by-visitor' })
    .to(visits, { name: 'visits' })
})
