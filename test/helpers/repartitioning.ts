import { Type } from 'typebox'
import { defineCounter, defineInternalTopic, defineProcessor, defineTopic, defineTopology, serdes } from '../../streams/index.ts'

const Settings = Type.Object({ CLICKS_IN: Type.String({ default: 'clicks' }), CLICKS_OUT: Type.String({ default: 'clicks-counted' }) })

/** Whether clicks went through this process' graph since somebody looked: their units write to the internal topic. */
export const seen = { clicks: false }

export const byItem = defineInternalTopic({ name: 'by-item-repartition', key: serdes.string, value: serdes.json })

/** Its table is made by the migration below. */
export const tally = defineCounter({ name: 'tally', key: ['item'], count: 'count' })

export const TALLY_SQL = 'create table tally (item text collate "C" primary key, count bigint not null)'

/** clicks → two items each → by-item-repartition → counted once each, and one record each to the sink. */
export const repartitioning = defineTopology('repartitioning', { settings: Settings }, ({ settings, stream }) => {
  stream(defineTopic({ name: settings.CLICKS_IN })).process(defineProcessor({
    name: 'items-of',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: {},
    process (record, { forward }) {
      seen.clicks = true
      for (const half of ['a', 'b']) forward({ ...record, key: `${String(record.value)}/${half}`, value: `${String(record.value)}/${half}` })
    }
  })).to(byItem)
  stream(byItem).process(defineProcessor({
    name: 'count-items',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: { tally },
    process (record, { stores, forward }) {
      stores.tally.add({ item: String(record.value) }, 1)
      forward(record)
    }
  })).to(defineTopic({ name: settings.CLICKS_OUT }))
})
