import { Type } from 'typebox'
import { defineCounter, defineInternalTopic, defineProcessor, defineTopic, defineTopology, serdes, type StreamRecord, type Topic, type TopologyBuilder } from '../../streams/index.ts'

const Settings = Type.Object({ CLICKS_IN: Type.String({ default: 'clicks' }), CLICKS_OUT: Type.String({ default: 'clicks-counted' }) })

/** Whether clicks went through this process' graph since somebody looked: their units write to the internal topic. */
export const seen = { clicks: false }

export const byItem = defineInternalTopic({ name: 'by-item-repartition', key: serdes.string, value: serdes.json })

/** Its table is made by the migration below. */
export const tally = defineCounter({ name: 'tally', key: ['item'], count: 'count' })

export const TALLY_SQL = 'create table tally (item text collate "C" primary key, count bigint not null)'

interface ItemCounts {
  readonly clicks: Topic<string, unknown>
  readonly counted: Topic<string, unknown>
  readonly onClick?: () => void
  readonly onItem?: (record: StreamRecord<unknown, unknown>) => void
}

/** clicks → two items each → by-item-repartition → counted once each, and one record each to `counted`. */
export function countItems ({ stream }: TopologyBuilder<unknown>, { clicks, counted, onClick = () => {}, onItem = () => {} }: ItemCounts): void {
  stream(clicks).process(defineProcessor({
    name: 'items-of',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: {},
    process (record, { forward }) {
      onClick()
      for (const half of ['a', 'b']) forward({ ...record, key: `${String(record.value)}/${half}`, value: `${String(record.value)}/${half}` })
    }
  })).to(byItem)
  stream(byItem).process(defineProcessor({
    name: 'count-items',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: { tally },
    process (record, { stores, forward }) {
      onItem(record)
      stores.tally.add({ item: String(record.value) }, 1)
      forward(record)
    }
  })).to(counted)
}

export const repartitioning = defineTopology('repartitioning', { settings: Settings }, builder => {
  countItems(builder, {
    clicks: defineTopic({ name: builder.settings.CLICKS_IN }),
    counted: defineTopic({ name: builder.settings.CLICKS_OUT }),
    onClick () { seen.clicks = true }
  })
})
