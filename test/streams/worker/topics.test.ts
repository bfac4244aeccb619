import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { defineTopic, defineTopology, silentLogger } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { ensureTopics } from '../../../streams/worker/topics.ts'

const merging = defineTopology('merging', ({ stream }) => {
  stream(defineTopic({ name: 'a' })).merge(stream(defineTopic({ name: 'b' }))).peek(() => {})
})

/** What comes of starting on these partition counts, when those were noted at the first start. */
async function started (a: number, b: number, noted: Readonly<Record<string, number>>) {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'a', partitions: a }, { name: 'b', partitions: b }])
  return (await ensureTopics(merging, { applicationId: 'app', log, state: openMemoryState(), logger: silentLogger, noted: new Map(Object.entries(noted)) })).inputs
}

test('unequal partition counts stop the first start, and every one until they are equal', async () => {
  for (const noted of [{}, { a: 4 }, { a: 4, b: 6 }]) {
    await assert.rejects(started(4, 6, noted), /'a' reads topics with unequal partition counts: a has 4, b has 6/)
  }
})

test('a start in the moment when only one of the inputs has grown goes on with what all have', async () => {
  assert.deepEqual(await started(8, 6, { a: 6, b: 6 }), new Map([['a', 8], ['b', 6]]))
})
