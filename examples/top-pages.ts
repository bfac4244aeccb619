import Type, { type Static } from 'typebox'
import { defineTopic, defineTopology, serdes, timeWindows } from '../streams/index.ts'

const Click = Type.Object({ page: Type.String() })
const Ranking = Type.Array(Type.Object({ page: Type.String(), clicks: Type.Integer() }))

/** Keyed by the visitor. */
export const clicks = defineTopic({ name: 'clicks', value: serdes.json(Click) })
/** Keyed by the hour. */
export const topPagesByHour = defineTopic({ name: 'top-pages-by-hour', value: serdes.json(Ranking) })

const HOUR = 3_600_000
const BEST = 3

const noPages: Static<typeof Ranking> = []

/**
 * The three pages that were clicked most, per hour.
 *
 * Two steps, each by a key of its own: clicks counted by page, then the counts of an hour brought together. The second is an
 * aggregate of a table: when a page's count changes, its old one is taken out of the ranking and the new one put in. So all
 * pages of the hour are kept, and cut to the best behind the table: who was cut off could not come back.
 */
export const topPages = defineTopology('top-pages', ({ stream }) => {
  stream(clicks, { name: 'clicks' })
    .filter(click => click !== null, { name: 'real-clicks' })
    .groupBy(click => click.page, { name: 'by-page' })
    .windowedBy(timeWindows({ sizeMs: HOUR, graceMs: 60_000 }))
    .count({ name: 'count', store: { name: 'clicks-by-page' } })
    .groupBy((clicks, { key: page, window }) => [new Date(window.start).toISOString(), { page, clicks }], { name: 'by-hour' })
    .aggregate(() => noPages,
      (ranking, counted) => [...ranking, counted].sort((a, b) => b.clicks - a.clicks || (a.page < b.page ? -1 : 1)),
      (ranking, counted) => ranking.filter(({ page }) => page !== counted.page),
      { name: 'rank', store: { name: 'pages-by-hour' } })
    .mapValues(ranking => ranking.slice(0, BEST), { name: 'best' })
    .toStream({ name: 'rankings' })
    .to(topPagesByHour, { name: 'top-pages-by-hour' })
})
