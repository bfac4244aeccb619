import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import {
  defineKeyValueStateStore, defineProcessor, defineSessionStateStore, defineTopic, defineTopology, defineVersionedStateStore, defineWindowStateStore,
  serdes, type StateStore, type Store, type StreamRecord, type WritersOf
} from '../../../streams/index.ts'
import { createTestDriver, type TestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const answers = defineTopic({ name: 'answers', value: serdes.string })
const text = { key: serdes.string, value: serdes.string }

/** A topology of one processor that answers each word with what it finds. */
function driverOf<const S extends Readonly<Record<string, Store | StateStore>>> (stores: S, answer: (word: string, stores: WritersOf<S>, record: StreamRecord) => unknown): TestDriver {
  const asking = defineProcessor({
    name: 'asking',
    input: Type.String(),
    output: Type.String(),
    stores,
    process (record, { stores, forward }) {
      forward({ ...record, value: JSON.stringify(answer(record.value, stores, record)) ?? 'nothing' })
    }
  })
  return createTestDriver(defineTopology('asking', ({ stream }) => {
    stream(words).filter((value): value is string => value !== null).process(asking, { value: serdes.string }).to(answers)
  }))
}

async function ask (driver: TestDriver, word: string, timestamp = 0): Promise<unknown> {
  await driver.topic(words).pipe('k', word, { timestamp })
  const [answer] = await driver.output(answers).readValues()
  return answer === 'nothing' || answer === undefined || answer === null ? undefined : JSON.parse(answer)
}

const keyed = defineKeyValueStateStore({ name: 'keyed', ...text })

function keyValueDriver (): TestDriver {
  return driverOf({ keyed }, (word, { keyed }, { timestamp }) => {
    const [verb, key = '', value = ''] = word.split(' ')
    const keys = (entries: Iterable<{ readonly key: string }>): string => [...entries].map(entry => entry.key).join(' ')
    switch (verb) {
      case 'put': return keyed.put(key, value === '' ? null : value, timestamp)
      case 'putIfAbsent': return keyed.putIfAbsent(key, value, timestamp)?.value
      case 'delete': return keyed.delete(key)?.value
      case 'range': return keys(keyed.range(key, value))
      case 'reverseRange': return keys(keyed.reverseRange(key, value))
      case 'all': return keys(keyed.all())
      case 'reverseAll': return keys(keyed.reverseAll())
      case 'prefixScan': return keys(keyed.prefixScan(key, serdes.string))
      default: return keyed.get(key)
    }
  })
}

test('a key-value store has the methods of Kafka Streams, and keys in order', async () => {
  const driver = keyValueDriver()
  for (const key of ['b', 'a', 'ab', 'c']) await ask(driver, `put ${key} 1`, 5)

  deepEqual(await ask(driver, 'get a'), { value: '1', timestamp: 5 })
  equal(await ask(driver, 'putIfAbsent a 2'), '1')
  equal(await ask(driver, 'putIfAbsent d 2'), undefined)
  equal(await ask(driver, 'range ab c'), 'ab b c')
  equal(await ask(driver, 'reverseRange ab c'), 'c b ab')
  equal(await ask(driver, 'all'), 'a ab b c d')
  equal(await ask(driver, 'reverseAll'), 'd c b ab a')
  equal(await ask(driver, 'prefixScan a'), 'a ab')
  equal(await ask(driver, 'delete a'), '1')
  equal(await ask(driver, 'delete a'), undefined)
  await ask(driver, 'put b')
  equal(await ask(driver, 'all'), 'ab c d')
})

test('what a processor has put is there after a restart and after a crash, once, and can be read from outside', async () => {
  const driver = keyValueDriver()
  await ask(driver, 'put a 1')
  await driver.restart()
  equal(await ask(driver, 'putIfAbsent a 2'), '1')

  driver.crashAt('written')
  equal(await ask(driver, 'putIfAbsent b 2'), undefined)

  equal(await ask(driver, 'all'), 'a b')
  equal(await driver.store('keyed').get('b'), '2')
})

test('a window store finds windows by start, forwards and backwards, as far back as its retention, also after a restart', async () => {
  const windows = defineWindowStateStore({ name: 'windows', ...text, retentionMs: 100, sizeMs: 10 })
  const driver = driverOf({ windows }, (word, { windows }) => {
    const [verb, key = '', value = '', start = '0'] = word.split(' ')
    if (verb === 'put') return windows.put(key, value, Number(start), 7)
    if (verb === 'fetch') return windows.fetch(key, Number(start))
    if (verb === 'all') return [...windows.all()].map(entry => `${entry.key}${entry.start}${entry.value}`)
    const found = verb === 'range' ? windows.fetch(key, 10, 20) : windows.backwardFetch(key, 10, 20)
    return [...found].map(({ start }) => start)
  })
  for (const place of ['b x 20', 'b x 10', 'b x 30', 'a x 10']) await ask(driver, `put ${place}`)
  await driver.restart()

  deepEqual(await ask(driver, 'fetch b - 10'), { value: 'x', timestamp: 7 })
  equal(await ask(driver, 'fetch b - 11'), undefined)
  deepEqual(await ask(driver, 'range b'), [10, 20])
  deepEqual(await ask(driver, 'backward b'), [20, 10])
  deepEqual(await ask(driver, 'all'), ['a10x', 'b10x', 'b20x', 'b30x'])
  equal((await driver.store('windows').windows('b')).length, 3)

  await ask(driver, 'put a y 115')
  deepEqual(await ask(driver, 'all'), ['a115y', 'b20x', 'b30x'])
})

test('a session store finds sessions by the times they overlap, and removes them', async () => {
  const sessions = defineSessionStateStore({ name: 'sessions', ...text, retentionMs: 100 })
  const driver = driverOf({ sessions }, (word, { sessions }) => {
    const [verb, key = '', start = '0', end = '0'] = word.split(' ')
    const session = { key, window: { start: Number(start), end: Number(end) } }
    if (verb === 'put') return sessions.put(session, 'x')
    if (verb === 'remove') return sessions.remove(session)
    if (verb === 'fetchSession') return sessions.fetchSession(key, Number(start), Number(end))?.value
    const found = verb === 'fetch' ? sessions.fetch(key) : sessions.findSessions(key, Number(start), Number(end))
    return [...found].map(({ window }) => `${window.start}-${window.end}`)
  })
  for (const session of ['a 0 10', 'a 20 30', 'a 40 50', 'b 0 10']) await ask(driver, `put ${session}`)
  await driver.restart()

  deepEqual(await ask(driver, 'fetch a'), ['0-10', '20-30', '40-50'])
  deepEqual(await ask(driver, 'findSessions a 11 40'), ['20-30', '40-50'])
  equal(await ask(driver, 'fetchSession a 20 30'), 'x')
  await ask(driver, 'remove a 20 30')
  deepEqual(await ask(driver, 'fetch a'), ['0-10', '40-50'])
  equal((await driver.store('sessions').windows('a')).length, 2)
  await ask(driver, 'put a 100 120')
  deepEqual(await ask(driver, 'fetch a'), ['40-50', '100-120'])
})

test('a versioned store answers with what was valid at a time, also after a restart', async () => {
  const versions = defineVersionedStateStore({ name: 'versions', ...text, historyRetentionMs: 100 })
  const driver = driverOf({ versions }, (word, { versions }, { timestamp }) => {
    const [verb, value = ''] = word.split(' ')
    if (verb === 'put') return versions.put('k', value, timestamp)
    if (verb === 'delete') return versions.delete('k', timestamp)?.value
    return versions.get('k', verb === 'asOf' ? timestamp : undefined)?.value
  })
  await ask(driver, 'put old', 10)
  await ask(driver, 'put new', 20)
  await driver.restart()

  equal(await ask(driver, 'get'), 'new')
  equal(await ask(driver, 'asOf', 15), 'old')
  equal(await ask(driver, 'asOf', 9), undefined)
  equal(await driver.store('versions').asOf('k', 15), 'old')
  equal(await ask(driver, 'delete', 30), 'new')
  equal(await ask(driver, 'get'), undefined)
  equal(await ask(driver, 'put late', 1), 20 - 10)
  await ask(driver, 'put far', 200)
  equal(await ask(driver, 'put late', 99), 'notPut')
})
