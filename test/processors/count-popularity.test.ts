import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { countPopularity } from '../../processors/count-popularity.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { runProcessor } from '../helpers/processor.ts'

test("the weights of an item's signals add up, and each signal is passed on", async () => {
  const interactions = [10, 3, 1].map(weight => ({ user_id: 'u1', item_id: 'i1', weight, ts_ms: 1 }))

  const { forwarded, rows } = await runProcessor(countPopularity({ into: itemPopularity }), interactions)

  deepEqual(rows(itemPopularity), [{ item_id: 'i1', score: 14 }])
  deepEqual(forwarded, interactions)
})
