import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnitLedger } from '../../../streams/task/unit-ledger.ts'

const generation = '00000000-0000-4000-8000-000000000000'

test('what is asked while an earlier question is under way is answered without a pause', async () => {
  const ledger = new UnitLedger({
    state: { generation, unitsOf: async tasks => tasks.map(task => ({ ...task, epoch: 1, unit: 0, closed: [], aborted: [] })) },
    learned: () => {}
  })
  const stamps = [0, 1].map(partition => ({ generation, subTopology: 'clicks', partition, epoch: 1, unit: 0, attempt: 0 }))
  assert.deepEqual(stamps.map(stamp => ledger.judge(stamp)), ['wait', 'wait'])
  await ledger.answered()
  assert.deepEqual(stamps.map(stamp => ledger.judge(stamp)), ['take', 'take'])
})
