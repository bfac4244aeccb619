import { Type } from 'typebox'
import { defineTopic, defineTopology, serdes, topicPattern } from '../../streams/index.ts'

const Settings = Type.Object({
  SOURCE_TOPICS: Type.String({ default: 'orders-eu,orders-us', description: 'Names, separated by commas.' }),
  SOURCE_PATTERN: Type.String({ default: '', description: 'In place of the names.' })
})

/** How often each key was in any of the topics: those of one source, by name or by pattern. */
export const countedSources = defineTopology('counted-sources', { settings: Settings }, ({ settings, stream }) => {
  const value = serdes.string
  const read = settings.SOURCE_PATTERN === ''
    ? stream(settings.SOURCE_TOPICS.split(',').map(name => defineTopic({ name, value })), { name: 'orders' })
    : stream(topicPattern({ matching: new RegExp(settings.SOURCE_PATTERN), value }), { name: 'orders' })
  read.groupByKey().count({ store: { name: 'order_counts' } })
})
