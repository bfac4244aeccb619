import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readEventFile, readEvents, readLine, type InputEvent } from '../../bin/event-file.ts'

const NOW = 1_750_000_000_000
const settings = { topics: { impression: 'reco_impression', watch: 'reco_watch', event: 'reco_event' }, now: () => NOW }

const read = (line: unknown): InputEvent => readLine(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)), settings)
const textOf = (event: InputEvent) => event.value?.toString()

async function readAll (...chunks: readonly (string | Buffer)[]): Promise<InputEvent[]> {
  const stream = (async function * () {
    for (const chunk of chunks) yield Buffer.from(chunk)
  })()
  return Array.fromAsync(readEvents(stream, { ...settings, name: 'test.ndjson' }))
}

async function createFile (t: TestContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'event-file-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'events.ndjson')
  await writeFile(path, content)
  return path
}

describe('a bare event', () => {
  it('is told by its fields: items, item_id with ts, else a watch', () => {
    assert.equal(read({ items: [], ts_ms: 1 }).topic, 'impression')
    assert.equal(read({ item_id: 'i1', ts: 1 }).topic, 'event')
    assert.equal(read({ item_id: 'i1', ts_ms: 1 }).topic, 'watch')
    assert.equal(read({}).topic, 'watch')
  })

  it('keeps its bytes, is keyed by its user and has its own time', () => {
    const line = '{ "user_id":"ü1",  "ts_ms":1700000000000, "watch_time_sec": 1.50 }'

    assert.deepEqual(read(line), { topic: 'watch', key: 'ü1', value: Buffer.from(line), timestamp: 1_700_000_000_000 })
  })

  it('whose time is in seconds has it in milliseconds', () => {
    assert.equal(read({ ts_ms: 1_700_000_000 }).timestamp, 1_700_000_000_000)
    assert.equal(read({ item_id: 'i1', ts: 1_700_000_000 }).timestamp, 1_700_000_000_000)
  })

  it('without a usable time or user gets now and no key', () => {
    for (const fields of [{}, { ts_ms: 'yesterday', user_id: 7 }, { ts_ms: -5 }, { ts_ms: 1e300 }]) {
      assert.deepEqual([read(fields).timestamp, read(fields).key], [NOW, null])
    }
  })

  it('with an unknown field named value is still that event', () => {
    const line = { user_id: 'u1', ts_ms: NOW, value: 3 }

    assert.equal(textOf(read(line)), JSON.stringify(line))
  })
})

describe('an envelope', () => {
  it('names its topic by either name', () => {
    const topicOf = (topic: unknown) => read({ topic, value: {} }).topic

    assert.deepEqual(['impression', 'reco_impression', 'event', 'reco_event', 'watch', 'reco_watch'].map(topicOf), ['impression', 'impression', 'event', 'event', 'watch', 'watch'])
  })

  it('gives key and timestamp, which go before the event\'s own', () => {
    const event = read({ topic: 'watch', key: 'k', timestamp: 5, value: { user_id: 'u1', ts_ms: NOW } })

    assert.deepEqual([event.key, event.timestamp], ['k', 5])
  })

  it('that leaves them out takes them from the event within, an object or a text', () => {
    const content = { user_id: 'u1', ts_ms: 1_700_000_000_000, items: [] }
    const expected = { topic: 'impression', key: 'u1', value: Buffer.from(JSON.stringify(content)), timestamp: 1_700_000_000_000 }

    assert.deepEqual(read({ value: content }), expected)
    assert.deepEqual(read({ value: JSON.stringify(content) }), expected)
  })

  it('may have no key on purpose', () => {
    assert.equal(read({ key: null, value: { user_id: 'u1' } }).key, null)
  })

  it('with a text sends that text, whatever it is', () => {
    assert.deepEqual(read({ value: '{broken' }), { topic: 'watch', key: null, value: Buffer.from('{broken'), timestamp: NOW })
  })

  it('with null sends a record without a value', () => {
    assert.equal(read({ value: null }).value, null)
  })

  it('with the timestamp −1 gets the event\'s own time, or now', () => {
    assert.equal(read({ timestamp: -1, value: { ts_ms: 1_700_000_000_000 } }).timestamp, 1_700_000_000_000)
    assert.equal(read({ timestamp: -1, value: {} }).timestamp, NOW)
  })

  it('for a topic that we do not have goes on as a watch, line and all', () => {
    const line = JSON.stringify({ topic: 'orders', key: 'k', value: {} })

    assert.deepEqual(read(line), { topic: 'watch', key: null, value: Buffer.from(line), timestamp: NOW })
  })
})

describe('a file of events', () => {
  it('a line that is no JSON object goes on as a watch with its very bytes', async () => {
    const broken = [Buffer.from('{"user_id":'), Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from('[1]'), Buffer.from('null')]

    const events = await readAll(...broken.flatMap(line => [line, '\n']))

    assert.deepEqual(events, broken.map(value => ({ topic: 'watch', key: null, value, timestamp: NOW })))
  })

  it('empty lines are skipped, line ends and a byte order mark taken off', async () => {
    const events = await readAll('\ufeff{"user_id":"a"}\r\n\r\n  \n\n{"user_id":"b"}\r\n{"user_id":"c"}')

    assert.deepEqual(events.map(textOf), ['{"user_id":"a"}', '{"user_id":"b"}', '{"user_id":"c"}'])
  })

  it('a line is the same wherever the stream is cut', async () => {
    const content = Buffer.from('{"user_id":"ü"}\n\n{"user_id":"🎬"}\r\n{"user_id":"c"}\n')
    const whole = await readAll(content)

    for (let cut = 0; cut <= content.length; cut++) {
      assert.deepEqual(await readAll(content.subarray(0, cut), content.subarray(cut)), whole)
    }
    assert.deepEqual(whole.map(event => event.key), ['ü', '🎬', 'c'])
  })

  it('is read in its order, lines longer than a chunk too', async (t) => {
    const long = 'x'.repeat(200_000)
    const path = await createFile(t, `{"user_id":"a"}\n{"user_id":"${long}"}\n{"user_id":"c"}\n`)

    const events = await Array.fromAsync(readEventFile(path, settings))

    assert.deepEqual(events.map(event => event.key), ['a', long, 'c'])
  })

  it('can be left before its end', async (t) => {
    const path = await createFile(t, '{"user_id":"a"}\n'.repeat(50_000))

    const keys = []
    for await (const event of readEventFile(path, settings)) {
      keys.push(event.key)
      if (keys.length === 3) break
    }

    assert.deepEqual(keys, ['a', 'a', 'a'])
  })

  it('an endless line is given up with its place, not collected', async () => {
    const endless = Array.from({ length: 17 }, () => Buffer.alloc(1024 * 1024, 'x'))

    await assert.rejects(readAll('{}\n', ...endless), /test\.ndjson, line 2: longer than/)
  })

  it('a file that is not there is an error that names it', async () => {
    await assert.rejects(Array.fromAsync(readEventFile('no-such-file.ndjson', settings)), /no-such-file\.ndjson/)
  })
})
