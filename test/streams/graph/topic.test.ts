import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineTopic, serdes, type Topic, type Windowed } from '../../../streams/index.ts'

test('a topic holds JSON under text keys where nothing else is said', () => {
  const topic: Topic<string, unknown> = defineTopic({ name: 'orders' })

  assert.deepEqual({ ...topic }, { name: 'orders', key: serdes.string, value: serdes.json, partitions: 6, optional: false, internal: false })
})

test("a topic's types are those of its serdes", () => {
  const keyed: Topic<number, unknown> = defineTopic({ name: 'orders', key: serdes.int })
  const valued: Topic<string, { id: number }> = defineTopic({ name: 'orders', value: serdes.json(Type.Object({ id: Type.Integer() })) })
  const both: Topic<Windowed<string>, number> = defineTopic({ name: 'counts', key: serdes.timeWindowed(serdes.string, 1_000), value: serdes.long, partitions: keyed, optional: true })

  assert.equal(keyed.key, serdes.int)
  assert.deepEqual(valued.value.decode(Buffer.from('{"id":1}')), { id: 1 })
  assert.equal(both.value, serdes.long)
  assert.equal(both.partitions, keyed)
  assert.equal(both.optional, true)
})

test('types that no serde stands behind do not compile', () => {
  // @ts-expect-error: the keys are text
  const numbered: Topic<number, unknown> = defineTopic({ name: 'orders' })
  // @ts-expect-error: a type alone decodes nothing
  const typed = defineTopic<number>({ name: 'orders' })
  // @ts-expect-error: the values are numbers
  const valued: Topic<string, string> = defineTopic({ name: 'orders', value: serdes.long })
  // @ts-expect-error: no such option
  const misspelt = defineTopic({ name: 'orders', valueSerde: serdes.long })

  assert.deepEqual([numbered, typed, valued, misspelt].map(({ name }) => name), Array(4).fill('orders'))
})

test('a name that Kafka would not take is refused', () => {
  assert.throws(() => defineTopic({ name: 'a b' }), { name: 'TypeError', message: "Topic 'a b': a topic's name has 1 to 249 letters, digits, '.', '_' or '-'." })
})
