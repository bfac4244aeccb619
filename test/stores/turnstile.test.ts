import assert from 'node:assert/strict'
import test from 'node:test'
import { CrowdedError, Turnstile } from '../../stores/turnstile.ts'

/** Work that ends when it is told to. */
function work () {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const begun = { times: 0 }
  return { begun, resolve, reject, run: async () => { begun.times++; return await promise } }
}

test('so much runs at once, the rest in order when there is room, also after a failure', async () => {
  const turnstile = new Turnstile({ atOnce: 1, waiting: 2, waitMs: 1_000 })
  const [first, second, third] = [work(), work(), work()]
  const answers = [first, second, third].map(async ({ run }) => await turnstile.run(run))

  assert.deepEqual([first, second, third].map(({ begun }) => begun.times), [1, 0, 0])
  first.reject(new Error('broken'))
  await assert.rejects(async () => await answers[0], /broken/)
  assert.deepEqual([second, third].map(({ begun }) => begun.times), [1, 0])
  second.resolve('second')
  assert.equal(await answers[1], 'second')
  third.resolve('third')
  assert.equal(await answers[2], 'third')
  assert.equal(await turnstile.run(async () => 'free again'), 'free again')
})

test('who finds too many waiting, or waits too long, is turned away, and the work is not begun', async () => {
  const turnstile = new Turnstile({ atOnce: 1, waiting: 1, waitMs: 5 })
  const [first, second, third] = [work(), work(), work()]
  const running = turnstile.run(first.run)
  const waits = turnstile.run(second.run)

  await assert.rejects(turnstile.run(third.run), CrowdedError)
  await assert.rejects(waits, CrowdedError)
  first.resolve('first')

  assert.equal(await running, 'first')
  assert.deepEqual([second, third].map(({ begun }) => begun.times), [0, 0])
  assert.equal(await turnstile.run(async () => 'free again'), 'free again')
})
