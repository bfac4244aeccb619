import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { DecodeError, serdes } from '../../../streams/index.ts'

const Order = Type.Object({ id: Type.Integer(), items: Type.Array(Type.String()) })

test('JSON of any shape is read and written', () => {
  assert.deepEqual(serdes.json.decode(Buffer.from('{"a":[1,null]}')), { a: [1, null] })
  assert.equal(serdes.json.encode({ a: [1, null] }).toString(), '{"a":[1,null]}')
  assert.equal(serdes.json.name, 'json')
})

test('JSON with a schema comes out with the type of the schema', () => {
  const order = serdes.json(Order)

  const { id, items }: { id: number, items: string[] } = order.decode(Buffer.from('{"id":1,"items":["a"]}'))

  assert.deepEqual({ id, items }, { id: 1, items: ['a'] })
  assert.equal(order.encode({ id, items }).toString(), '{"id":1,"items":["a"]}')
})

test('what a schema does not allow does not compile', () => {
  // @ts-expect-error: the id is a number
  assert.ok(serdes.json(Order).encode({ id: '1', items: [] }))
  // @ts-expect-error: an order has no price
  assert.equal(serdes.json(Order).decode(Buffer.from('{"id":1,"items":[]}')).price, undefined)
})

test('JSON that breaks its schema is refused with each mistake', () => {
  assert.throws(() => serdes.json(Order).decode(Buffer.from('{"id":"1","items":[2]}')), (error: unknown) => {
    assert.ok(error instanceof DecodeError)
    assert.equal(error.errorType, 'schema')
    assert.equal(error.message, '/id must be integer; /items/0 must be string')
    return true
  })
})

test('what is no JSON is refused as such, with a schema or without', () => {
  for (const serde of [serdes.json, serdes.json(Order)]) {
    assert.throws(() => serde.decode(Buffer.from('{"id":')), (error: unknown) => {
      assert.ok(error instanceof DecodeError)
      assert.equal(error.errorType, 'json')
      assert.match(error.message, /^The value is not JSON: /)
      return true
    })
  }
})
