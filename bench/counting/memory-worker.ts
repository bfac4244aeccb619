import { runInMemory } from '../lib/memory-worker.ts'
import { readViews } from './read-summaries.ts'
import { counting } from './topology.ts'

await runInMemory({
  topologyOf: env => counting.configure({ TOPIC_ORDERS: env['TOPIC_ORDERS'] ?? '', TOPIC_DEAD_LETTERS: env['TOPIC_DEAD_LETTERS'] ?? '' }),
  resultOf: async queries => [...await readViews(queries)].map(([key, summary]) => JSON.stringify({ key, ...summary })).join('\n')
})
