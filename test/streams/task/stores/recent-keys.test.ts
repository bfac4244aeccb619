import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentKeys } from '../../../../streams/task/stores/recent-keys.ts'

test('the newest keys are kept, at least as many as it was made for and at most twice as many', () => {
  const keys = new RecentKeys(10)
  const added: string[] = []
  for (let count = 0; count < 100; count++) {
    added.push(`k${count}`)
    keys.add(`k${count}`)
    assert.ok(added.slice(-10).every(key => keys.has(key)), `the last ten after ${count}`)
    assert.ok(!added.slice(0, -20).some(key => keys.has(key)), `one of long ago after ${count}`)
  }
})

test('a key that is deleted is gone, however long ago it was added', () => {
  const keys = new RecentKeys(2)
  for (const key of ['a', 'b', 'c']) keys.add(key)

  keys.delete('a')
  keys.delete('c')

  assert.deepEqual(['a', 'b', 'c'].map(key => keys.has(key)), [false, true, false])
  keys.clear()
  assert.equal(keys.has('b'), false)
})
