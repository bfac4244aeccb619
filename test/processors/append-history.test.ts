import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { appendHistory } from '../../processors/append-history.ts'
import { userHistory } from '../../stores/user-history.ts'
import { runProcessor } from '../helpers/processor.ts'

test('a history is numbered from 1 and keeps only the newest items', async () => {
  const interactions = ['i1', 'i2', 'i3'].map((item, index) => ({ user_id: 'u1', item_id: item, weight: 1, ts_ms: index }))

  const { rows } = await runProcessor(appendHistory({ into: userHistory, keep: 2 }), interactions)

  deepEqual(rows(userHistory), [
    { user_id: 'u1', pos: 3, item_id: 'i3', ts: 2 },
    { user_id: 'u1', pos: 2, item_id: 'i2', ts: 1 }
  ])
})
