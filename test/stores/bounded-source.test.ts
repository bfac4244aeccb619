import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundSource } from '../../stores/bounded-source.ts'
import { CrowdedError } from '../../stores/turnstile.ts'

void test('four looks at stores run at once and a hundred wait; whoever comes beyond that is turned away', async () => {
  let running = 0
  let most = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = async (): Promise<[]> => {
    most = Math.max(most, ++running)
    await promise
    running--
    return []
  }
  const source = boundSource({ entries: look, declared: look, position: async () => (await look()).length })
  const asked = Array.from({ length: 104 }, async (_, index) => await source.position('words', 'words', index))

  await assert.rejects(source.position('words', 'words', 104), CrowdedError)
  resolve()

  assert.deepEqual(await Promise.all(asked), asked.map(() => 0))
  assert.equal(most, 4)
})
