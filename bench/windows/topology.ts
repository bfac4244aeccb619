import Type from 'typebox'
import { defineTopic, defineTopology, joinWindows, serdes, timeWindows } from '../../streams/index.ts'

const Settings = Type.Object({
  TOPIC_VIEWS: Type.String({ minLength: 1, default: 'views', description: 'Topic of the views of products.' }),
  TOPIC_SALES: Type.String({ minLength: 1, default: 'sales', description: 'Topic of the sales of products.' })
})

const View = serdes.json(Type.Object({ id: Type.String(), seconds: Type.Integer() }))
const Sale = serdes.json(Type.Object({ id: Type.String(), cents: Type.Integer() }))

interface Total {
  readonly count: number
  readonly sum: number
}

const nothing: Total = { count: 0, sum: 0 }

const GRACE_MS = 10_000
/** All windows of the log can be read in the end. */
const RETENTION_MS = 86_400_000

/** What a product sells in hopping windows, in the table `windows`; and of its views joined with its sales how many there are, in `matches`. */
export const windows = defineTopology('windows', { settings: Settings }, ({ stream, settings }) => {
  const views = stream(defineTopic({ name: settings.TOPIC_VIEWS, value: View }), { name: 'views' })
  const sales = stream(defineTopic({ name: settings.TOPIC_SALES, value: Sale }), { name: 'sales' })

  sales.filter(sale => sale !== null, { name: 'real-sales' })
    .groupByKey()
    .windowedBy(timeWindows({ sizeMs: 60_000, advanceMs: 20_000, graceMs: GRACE_MS }))
    .aggregate(() => nothing, (total, { cents }) => plus(total, cents), { name: 'sum-up', store: { name: 'windows', retentionMs: RETENTION_MS } })

  views.join(sales, ({ seconds }, { cents }) => seconds * cents, { windows: joinWindows({ timeDifferenceMs: 30_000, graceMs: GRACE_MS }), name: 'match', storeName: 'match' })
    .groupByKey()
    .aggregate(() => nothing, plus, { name: 'add-up', store: { name: 'matches' } })
})

function plus ({ count, sum }: Total, amount: number): Total {
  return { count: count + 1, sum: sum + amount }
}
