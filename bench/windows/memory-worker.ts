import { runInMemory } from '../lib/memory-worker.ts'
import { readTotals, writeResult } from './result.ts'
import { windows } from './topology.ts'

await runInMemory({
  topologyOf: env => windows.configure({ TOPIC_VIEWS: env['TOPIC_VIEWS'] ?? '', TOPIC_SALES: env['TOPIC_SALES'] ?? '' }),
  resultOf: async queries => writeResult(await readTotals(queries))
})
