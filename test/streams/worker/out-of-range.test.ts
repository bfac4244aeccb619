import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FatalError } from '../../../streams/index.ts'
import { skipOf, type OutOfRangePolicy } from '../../../streams/worker/out-of-range.ts'

const position = { topic: 'clicks', partition: 3, offset: 10, epoch: 1 }

/** What is skipped of a partition that holds the offsets from `begin` to before `end`. */
async function skipped (policy: OutOfRangePolicy, begin: number, end: number) {
  const offsets = async (partitions: readonly { readonly topic: string, readonly partition: number }[], at: unknown) =>
    partitions.map(partition => ({ ...partition, offset: at === 'earliest' ? begin : end }))
  return await skipOf(position, { applicationId: 'shop', log: { offsets }, policy })
}

test('where retention was faster the worker stops unless it was told otherwise, and says how much is gone and what to do', async () => {
  await assert.rejects(skipped('stop', 25, 40), (error: unknown) => error instanceof FatalError &&
    /clicks-3 has no offset 10 any more, it begins at 25: retention deleted 15 offsets/.test(error.message) &&
    /KAFKA_WORKER_OFFSET_OUT_OF_RANGE=earliest/.test(error.message) && /reset --application-id shop --to-earliest/.test(error.message))
})

test('told to go on, it skips to what is left or to the end', async () => {
  assert.deepEqual(await skipped('earliest', 25, 40), { topic: 'clicks', partition: 3, from: 10, to: 25 })
  assert.deepEqual(await skipped('latest', 25, 40), { topic: 'clicks', partition: 3, from: 10, to: 40 })
})

test('a position behind the end stops the worker whatever it was told: going on would count again, or miss what comes', async () => {
  for (const policy of ['stop', 'earliest', 'latest'] as const) {
    await assert.rejects(skipped(policy, 0, 4), /clicks-3 begins at 0 and does not reach offset 10.*made anew, or has lost its end/)
  }
})

test('an offset that is in the log after all is asked for again: another broker leads the partition now', async () => {
  for (const policy of ['stop', 'earliest', 'latest'] as const) await assert.rejects(skipped(policy, 0, 20), { name: 'LogError', kind: 'outage' })
})
