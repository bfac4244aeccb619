import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { startsOf } from '../../../streams/worker/starts.ts'

const a = defineTopic({ name: 'a' })
const b = defineTopic({ name: 'b' })
const c = defineTopic({ name: 'c' })

test('sources, of streams and of tables, say where they begin', () => {
  const { sources } = defineTopology('reading', ({ stream, table }) => {
    stream(a, { offsetReset: 'latest' }).foreach(() => {})
    table(b, { offsetReset: 'earliest' }).toStream().foreach(() => {})
    stream(c).foreach(() => {})
  })

  assert.deepEqual(sources.map(({ topics, node }) => [topics[0]?.name, node.offsetReset]), [['a', 'latest'], ['b', 'earliest'], ['c', undefined]])
})

test('a task begins each topic where its source says, and the others where the worker is told', async () => {
  const log = createMemoryLog()
  const names = ['a', 'b', 'c']
  await log.createTopics(names.map(name => ({ name, partitions: 1 })))
  const producer = log.openProducer()
  await producer.send(names.map(topic => ({ topic, key: null, value: Buffer.from('1'), headers: [] })))

  const [start] = await startsOf([{ subTopology: 's', partition: 0, topics: names, writesInternal: false }], {
    applicationId: 'app', log, state: openMemoryState(), offsetReset: 'latest', resets: new Map([['b', 'earliest']]), noted: new Map(names.map(name => [name, 1])), internalTopics: new Set()
  })

  assert.deepEqual(start?.offsets, { a: 1, b: 0, c: 1 })
  await log.close()
})

test('one topic cannot be begun in two places', () => {
  const reading = (first: object, second: object) => () => defineTopology('twice', ({ stream }) => {
    stream(a, first).foreach(() => {})
    stream(a, second).foreach(() => {})
  })

  assert.throws(reading({ offsetReset: 'latest' }, { offsetReset: 'earliest' }), /reads topic 'a' from two places, latest and earliest/)
  assert.throws(reading({ offsetReset: 'latest' }, {}), /give both the same offsetReset/)
  reading({ offsetReset: 'latest' }, { offsetReset: 'latest' })()
})
