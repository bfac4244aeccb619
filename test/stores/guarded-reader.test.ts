import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openGuardedReader } from '../../stores/guarded-reader.ts'
import { NotLevelError, type StateReader } from '../../streams/index.ts'
import { fakeReader, silentReader } from '../helpers/state.ts'

/** A guard around a reader that can be replaced, and a clock that is moved by hand. */
function open (first: StateReader) {
  const control = { reader: first, at: 0, asked: 0, failures: 0 }
  const guarded = openGuardedReader({
    reader: { read: async questions => { control.asked++; return await control.reader.read(questions) } },
    timeoutMs: 5,
    onFailure: () => { control.failures++ },
    now: () => control.at
  })
  return { control, guarded }
}

const away = (error: unknown): StateReader => ({ read: async () => { throw error } })
const ask = async (reader: StateReader): Promise<string> => await reader.read([]).then(() => 'answered', error => error instanceof Error ? error.message : 'failed')

test('after three failures in a row it is left in peace for 250 ms, then asked by one', async () => {
  const { control, guarded } = open(away(new Error('ECONNREFUSED')))
  for (let count = 0; count < 5; count++) assert.equal(await ask(guarded), 'ECONNREFUSED')
  assert.deepEqual([control.asked, control.failures], [3, 3])

  control.at = 250
  await Promise.all([ask(guarded), ask(guarded), ask(guarded)])
  assert.equal(control.asked, 4)
  assert.equal(await ask(guarded), 'ECONNREFUSED')
  assert.equal(control.asked, 4)

  control.at = 500
  control.reader = fakeReader()
  assert.equal(await ask(guarded), 'answered')
  assert.equal(await ask(guarded), 'answered')
})

test('an answer between failures starts the count again', async () => {
  const { control, guarded } = open(away(new Error('ECONNRESET')))
  for (let round = 0; round < 3; round++) {
    control.reader = away(new Error('ECONNRESET'))
    await ask(guarded)
    await ask(guarded)
    control.reader = fakeReader()
    assert.equal(await ask(guarded), 'answered')
  }
  assert.equal(control.asked, 9)
})

test('many that time out together are one failure', async () => {
  const { control, guarded } = open(silentReader())
  const asked = Array.from({ length: 10 }, async () => await ask(guarded))
  control.at = 5
  assert.equal((await Promise.all(asked)).every(message => message.includes('5 ms')), true)
  assert.equal(control.failures, 10)

  control.reader = fakeReader()
  assert.equal(await ask(guarded), 'answered')
})

test('that it is not level is believed for 100 ms, and is no failure', async () => {
  const { control, guarded } = open(away(new NotLevelError('building')))
  for (let at = 0; at < 500; at += 50) {
    control.at = at
    assert.equal(await ask(guarded), 'building')
  }
  assert.equal(control.asked, 5)
})

test('an answer that arrived while this process was busy is not too late', async () => {
  const late: StateReader = { read: async questions => await new Promise(resolve => setImmediate(resolve)).then(async () => await fakeReader().read(questions)) }
  const { guarded } = open(late)
  const asked = ask(guarded)
  for (const until = performance.now() + 20; performance.now() < until;);

  assert.equal(await asked, 'answered')
})

test('what arrived while this process was busy may take several turns to be read', async () => {
  const answers = fakeReader()
  const guarded = openGuardedReader({
    timeoutMs: 20,
    reader: {
      async read (questions) {
        for (let count = 0; count < 10; count++) await turn()
        return await answers.read(questions)
      }
    }
  })
  const asked = ask(guarded)
  for (const until = performance.now() + 60; performance.now() < until;);

  assert.equal(await asked, 'answered')
})

test('a reader that answers others meanwhile is busy, and is waited for five times as long, no longer', async () => {
  const { control, guarded } = open(silentReader())
  const slow = ask(guarded)
  control.reader = fakeReader()
  const others = setInterval(() => { void ask(guarded) }, 1)

  assert.match(await slow, /25 ms/)
  clearInterval(others)
})
