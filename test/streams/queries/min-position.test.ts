import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopology, serdes, topicPattern } from '../../../streams/index.ts'
import { reached } from '../../../streams/queries/min-position.ts'
import { queryableStores } from '../../../streams/queries/queryable.ts'
import type { StoreSource } from '../../../streams/queries/store-source.ts'

const counting = defineTopology('counting', ({ stream }) => {
  stream(topicPattern({ matching: /orders-.*/, value: serdes.string })).groupByKey().count({ store: { name: 'seen' } })
})

test('a position in a topic that a pattern matches is waited for, and one in another is refused', async () => {
  const [store] = queryableStores(counting, 'app')
  assert.ok(store !== undefined)
  const asked: unknown[] = []
  const source: Pick<StoreSource, 'position'> = {
    async position (...where) {
      asked.push(where)
      return 8
    }
  }
  // Nothing else of it is asked.
  const on = source as StoreSource

  await reached(on, store, { topic: 'orders-eu', partition: 1, offset: 7 })
  await assert.rejects(reached(on, store, { topic: 'payments', partition: 0, offset: 0 }), /is fed by orders-\.\*; a position in 'payments' says nothing about it/)
  assert.deepEqual(asked, [['orders-.*', 'orders-eu', 1]])
})
