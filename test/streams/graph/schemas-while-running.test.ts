import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, FatalError, SchemaNotLoaded, serdes, type Serde } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

interface Loads { readonly serde: Serde<string>, readonly count: () => number }

/** Text that cannot be read or written before its schema was loaded. */
function loading (load: () => Promise<void> = async () => {}): Loads {
  let isLoaded = false
  let loads = 0
  const checked = <T>(value: T): T => {
    if (isLoaded) return value
    throw new SchemaNotLoaded('Schema 7 is not loaded yet.', 7, async () => {
      loads++
      await load()
      isLoaded = true
    })
  }
  const serde = { name: 'loading', decode: (bytes: Buffer) => checked(serdes.string.decode(bytes)), encode: (value: string) => checked(serdes.string.encode(value)) }
  return { serde, count: () => loads }
}

const words = defineTopic({ name: 'words', value: serdes.string })

test('a schema that is missing while a record is read or written is loaded, and the record run again', async () => {
  const [read, written] = [loading(), loading()]
  const out = defineTopic({ name: 'out', value: written.serde })
  const seen: unknown[] = []
  const topology = defineTopology('schemas', ({ stream }) => {
    stream(defineTopic({ name: 'words', value: read.serde })).peek(({ value }) => { seen.push(value) }).mapValues(value => `${value}!`).to(out)
  })
  const driver = createTestDriver(topology)

  await driver.topic(words).pipe('k', 'a')
  await driver.topic(words).pipe('k', 'b')

  assert.deepEqual(await driver.output(defineTopic({ name: 'out', value: serdes.string })).readValues(), ['a!', 'b!'])
  assert.deepEqual(seen, ['a', 'b'])
  assert.deepEqual([read.count(), written.count()], [1, 1])
})

test('what no waiting mends stops the application, and a registry that is away is waited for', async () => {
  const build = (load: () => Promise<void>) => createTestDriver(defineTopology('schemas', ({ stream }) => {
    stream(defineTopic({ name: 'words', value: loading(load).serde })).to(defineTopic({ name: 'out', value: serdes.string }))
  }))

  await assert.rejects(build(async () => { throw new FatalError('no such subject') }).topic(words).pipe('k', 'a'), { name: 'FatalError', message: 'no such subject' })
  // The driver's clock stands still, so it says that the engine would wait.
  await assert.rejects(build(async () => { throw new Error('HTTP 503') }).topic(words).pipe('k', 'a'), /the schema registry.*Schema 7 is not loaded yet. HTTP 503|would wait/s)
})
