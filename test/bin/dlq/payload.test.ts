import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { markedPayload, pretty } from '../../../bin/commands/dlq/payload.ts'
import { contractOf } from '../../../streams/index.ts'
import { watchContract } from '../../../schemas/watch.ts'
import { recommender } from '../../../topology/recommender.ts'
import { Value } from 'typebox/value'

const marked = (value: string, message: string): string[] => markedPayload(Buffer.from(value), message).split('\n').filter(line => line.startsWith('▶'))

test('every place that a schema finds wrong is marked where it stands, with what is wrong; what is missing where it should be', () => {
  const contract = contractOf(Type.Object({ id: Type.String(), items: Type.Array(Type.Object({ price: Type.Number({ minimum: 0 }) })) }), 'order')
  const value = { items: [{ price: 3 }, { price: -1 }] }

  const lines = marked(JSON.stringify(value), contract.explain(value, { timestamp: -1 }).message)

  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^▶ \{ {3}← must have required properties id$/)
  assert.match(lines[1] ?? '', /^▶ {7}"price": -1 {3}← must be >= 0$/)
})

test("the places of the recommender's own messages are marked too", () => {
  const settings = Value.Default(recommender.settings, {})
  // The defaults of the settings' schema are settings.
  const contract = watchContract(settings as Parameters<typeof watchContract>[0])
  const value = { event_id: 7 }
  const { message } = contract.explain(value, { timestamp: -1 })

  assert.ok(marked(JSON.stringify(value), message).some(line => line.includes('"event_id": 7') && line.includes('←')), message)
})

test('a mistake in JSON is shown with its line, its column and a mark below it', () => {
  const text = markedPayload(Buffer.from('{"a": 1,\n "b": }'), 'The value is not JSON')

  assert.match(text, /no JSON from here on \(line 2, column 7\):\n {3}"b": \}\n {8}\^$/)
})

test('of a long line only what is around the mistake is shown below', () => {
  const text = markedPayload(Buffer.from(`{"a": "${'x'.repeat(500)}", oops, "b": "${'y'.repeat(500)}"}`), '')
  const [line, mark] = text.split('\n').slice(-2)

  assert.ok((line?.length ?? 0) < 140)
  assert.equal(line?.slice(mark?.indexOf('^')).startsWith('oops'), true)
})

test('large numbers are shown as they came', () => {
  assert.match(markedPayload(Buffer.from('{"id":12345678901234567890}'), ''), /"id": 12345678901234567890/)
  assert.equal(pretty('{"id":12345678901234567890}'), '{\n  "id": 12345678901234567890\n}')
})

test('what is no text is shown as bytes, and nothing as nothing', () => {
  assert.match(markedPayload(Buffer.from([0xff, 0, 0x41]), ''), /3 bytes that are no text.+\n {2}0000 {2}ff 00 41 +\.\.A/)
  assert.equal(markedPayload(null, ''), '(no value)')
  assert.equal(markedPayload(Buffer.alloc(0), ''), '(empty)')
  assert.equal(markedPayload(Buffer.from('plain words'), ''), 'plain words')
})

test('nothing in a payload or a message moves the cursor of a terminal', () => {
  const escape = '\u001b[2J'
  for (const value of [`{"a":"${escape}"`, JSON.stringify({ a: 'x\u009b' }), escape]) {
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(markedPayload(Buffer.from(value), `/a ${escape}`), /[\u001b\u009b]/)
  }
})
