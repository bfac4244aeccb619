import assert from 'node:assert/strict'
import test from 'node:test'
import { Recent } from '../../stores/recent.ts'

function open () {
  const clock = { at: 0 }
  return { clock, recent: new Recent<string, number>({ keptMs: 250, maxSize: 10, now: () => clock.at }) }
}

test('a value is given again until it is too old, counted from the question', async () => {
  const { clock, recent } = open()
  const { promise, resolve } = Promise.withResolvers<number>()
  recent.hold('a', promise)
  clock.at = 100
  resolve(1)
  await promise

  clock.at = 249
  assert.equal(recent.find('a'), 1)
  clock.at = 250
  assert.equal(recent.find('a'), undefined)
})

test('who asks while a value is on its way waits for the same one', async () => {
  const { recent } = open()
  recent.hold('a', Promise.resolve(1))

  assert.equal(await recent.find('a'), 1)
  assert.equal(recent.find('b'), undefined)
})

test('a failure reaches who waits and is not kept, nor does it remove what came after it', async () => {
  const { recent } = open()
  const failing = Promise.reject<number>(new Error('away'))
  recent.hold('a', failing)
  const found = recent.find('a')
  await assert.rejects(async () => await found, /away/)
  assert.equal(recent.find('a'), undefined)

  recent.hold('b', Promise.reject<number>(new Error('away')))
  recent.hold('b', Promise.resolve(2))
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(recent.find('b'), 2)
})

test('what was on its way when everything was forgotten does not come back', async () => {
  const { recent } = open()
  const coming = Promise.resolve(1)
  recent.hold('a', coming)

  recent.clear()
  await coming

  assert.equal(recent.find('a'), undefined)
})
