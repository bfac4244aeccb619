import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Type from 'typebox'
import { DecodeError, FatalError, SchemaNotLoaded, serdes } from '../../../streams/index.ts'
import { schemaRegistry, type RegistrySerde } from '../../../streams/registry/schema-registry.ts'
import { startFakeRegistry, type FakeRegistry, type FakeRegistryOptions } from '../../helpers/fake-registry.ts'

const orderAvro = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'long' }, { name: 'item', type: 'string' }, { name: 'note', type: ['null', 'string'], default: null }]
})
const olderAvro = JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields: [{ name: 'id', type: 'long' }] })
const orderJson = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Order',
  type: 'object',
  additionalProperties: false,
  properties: { id: { type: 'integer' }, item: { type: 'string', javaType: 'java.lang.String' } },
  required: ['id', 'item']
})
const orderProto = `
  syntax = "proto3";
  package shop;
  import "google/protobuf/timestamp.proto";
  enum Kind { NEW = 0; PAID = 1; }
  message Item { string sku = 1; }
  message Order {
    message Line { string sku = 1; int32 amount = 2; }
    int64 order_id = 1;
    repeated Line lines = 2;
    Kind kind = 3;
    google.protobuf.Timestamp at = 4;
  }
`

const options: FakeRegistryOptions = {
  schemas: {
    3: { schema: olderAvro },
    7: { schema: orderAvro },
    8: { schema: orderJson, schemaType: 'JSON' },
    9: { schema: '{"type":"record","name":"Broken","fields":[{"name":"a","type":"shop.Absent"}]}' },
    10: { schema: 'syntax = "proto3"; import "other.proto"; message Broken { other.Absent absent = 1; }', schemaType: 'PROTOBUF' },
    300: { schema: orderProto, schemaType: 'PROTOBUF' }
  },
  subjects: { 'avro-value': 7, 'json-value': 8, 'protobuf-value': 300, 'broken-value': 9, 'broken-protobuf-value': 10 }
}

/** Bytes by Confluent's own serializers, with the schemas above under the ids above. */
const wire = {
  avro: '0000000007020674656100',
  avroWithNote: '0000000007d7040e4772c3b6c39f6502026e',
  json: '00000000087b226964223a312c226974656d223a22746561227d',
  order: '000000012c020208818080808080801012070a037465611002180122080880f7c4d5061005',
  item: '000000012c000a03746561',
  emptyItem: '000000012c00',
  line: '000000012c0402000a037465611002'
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')
/** What Protobuf and Avro read are instances of classes of theirs. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

async function startRegistry (t: TestContext): Promise<FakeRegistry & ReturnType<typeof schemaRegistry>> {
  const fake = await startFakeRegistry(t, options)
  return Object.assign(fake, schemaRegistry({ url: fake.url }))
}

function notLoaded (run: () => unknown): SchemaNotLoaded {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof SchemaNotLoaded, String(error))
    return error
  }
  assert.fail('nothing was missing')
}

function assertDecodeError (serde: RegistrySerde, hex: string, errorType: string, message: string): void {
  assert.throws(() => serde.decode(bytesOf(hex)), (error: unknown) => {
    assert.ok(error instanceof DecodeError, String(error))
    assert.deepEqual([error.errorType, error.message], [errorType, message])
    return true
  })
}

test('Avro is read and written byte for byte as Confluent does it', async t => {
  const { avro } = await startRegistry(t)
  const orders = avro('avro-value')
  await orders.prepare([7])

  assert.deepEqual(plain(orders.decode(bytesOf(wire.avro))), { id: 1, item: 'tea', note: null })
  assert.deepEqual(plain(orders.decode(bytesOf(wire.avroWithNote))), { id: -300, item: 'Größe', note: 'n' })
  assert.equal(orders.encode({ id: 1, item: 'tea', note: null }).toString('hex'), wire.avro)
  assert.equal(orders.encode({ id: -300, item: 'Größe', note: 'n' }).toString('hex'), wire.avroWithNote)
})

test('JSON Schema is read and written byte for byte as Confluent does it', async t => {
  const { jsonSchema } = await startRegistry(t)
  const orders = jsonSchema('json-value')
  await orders.prepare([8])

  assert.deepEqual(orders.decode(bytesOf(wire.json)), { id: 1, item: 'tea' })
  assert.equal(orders.encode({ id: 1, item: 'tea' }).toString('hex'), wire.json)
})

test('Protobuf is read and written byte for byte as Confluent does it, also messages that are not the first of their file', async t => {
  const { protobuf } = await startRegistry(t)
  const messages = [
    { type: 'shop.Item', hex: wire.item, value: { sku: 'tea' } },
    { type: 'shop.Order.Line', hex: wire.line, value: { sku: 'tea', amount: 2 } },
    { type: 'shop.Order', hex: wire.order, value: { orderId: '9007199254740993', lines: [{ sku: 'tea', amount: 2 }], kind: 'PAID', at: { seconds: '1790000000', nanos: 5 } } }
  ]

  for (const { type, hex, value } of messages) {
    const serde = protobuf('protobuf-value', type)
    await serde.prepare()

    assert.deepEqual(serde.decode(bytesOf(hex)), value)
    assert.equal(serde.encode(value).toString('hex'), hex)
  }
})

test('without a name, the first message of a Protobuf file is written', async t => {
  const { protobuf } = await startRegistry(t)
  const items = protobuf('protobuf-value')
  await items.prepare()

  assert.equal(items.encode({ sku: 'tea' }).toString('hex'), wire.item)
})

test('a field that is left out of a Protobuf message has its default', async t => {
  const { protobuf } = await startRegistry(t)
  const items = protobuf('protobuf-value')
  await items.prepare()

  assert.equal(items.encode({}).toString('hex'), wire.emptyItem)
  assert.deepEqual(items.decode(bytesOf(wire.emptyItem)), { sku: '' })
})

test('a schema that is not loaded is asked for by its id, and the value read after that', async t => {
  const { avro, asked } = await startRegistry(t)
  const orders = avro('avro-value')

  const missing = notLoaded(() => orders.decode(bytesOf(wire.avro)))
  assert.equal(missing.id, 7)
  assert.deepEqual(asked, [])
  await missing.load()

  assert.deepEqual(plain(orders.decode(bytesOf(wire.avro))), { id: 1, item: 'tea', note: null })
  assert.deepEqual(asked, ['/schemas/ids/7'])
})

test('a value is not written before its schema is loaded', async t => {
  const { avro } = await startRegistry(t)
  const orders = avro('avro-value')

  const missing = notLoaded(() => orders.encode({ id: 1, item: 'tea', note: null }))
  assert.equal(missing.id, undefined)
  await missing.load()

  assert.equal(orders.encode({ id: 1, item: 'tea', note: null }).toString('hex'), wire.avro)
})

test('what a value inside another needs is asked for through the outer one', async t => {
  const { avro } = await startRegistry(t)
  const keys = serdes.timeWindowed(avro('avro-value'), 1_000)
  const bytes = Buffer.concat([bytesOf(wire.avro), bytesOf('00000000000003e8')])

  await notLoaded(() => keys.decode(bytes)).load()

  const { key, window } = keys.decode(bytes)
  assert.deepEqual([plain(key), window], [{ id: 1, item: 'tea', note: null }, { start: 1_000, end: 2_000 }])
})

test('a schema is loaded once for all serdes of a registry', async t => {
  const { avro, asked } = await startRegistry(t)

  await Promise.all([avro('avro-value').prepare([7, 7]), avro('avro-value').prepare([7])])
  await avro('avro-value').prepare([7])

  assert.equal(asked.filter(path => path === '/schemas/ids/7').length, 1)
})

test('a value is read with the schema it was written with, be it an older one', async t => {
  const { avro } = await startRegistry(t)
  const orders = avro('avro-value')
  await orders.prepare([3, 7])

  assert.deepEqual(plain(orders.decode(bytesOf('000000000302'))), { id: 1 })
})

test('values of a registry have the type of the schema they are checked with', async t => {
  const { avro } = await startRegistry(t)
  const orders = avro('avro-value')
  const typed = serdes.checked(orders, Type.Object({ id: Type.Integer(), item: Type.String() }))
  await orders.prepare([3, 7])

  const { id, item }: { id: number, item: string } = typed.decode(bytesOf(wire.avro))

  assert.deepEqual([id, item], [1, 'tea'])
  assert.throws(() => typed.decode(bytesOf('000000000302')), { name: 'DecodeError', errorType: 'schema', message: 'value must have required properties item' })
})

test('bytes that are no such value are decode errors with a reason', async t => {
  const { avro, protobuf, jsonSchema } = await startRegistry(t)
  const [orders, messages, documents] = [avro('avro-value'), protobuf('protobuf-value'), jsonSchema('json-value')]
  await Promise.all([orders.prepare([7, 8]), messages.prepare(), documents.prepare()])

  assertDecodeError(orders, '7b7d', 'decode', 'The value is broken: its first byte is 123, and 0 begins a value with a schema.')
  assertDecodeError(orders, '000000', 'decode', 'The value is broken: 4 bytes are announced at byte 1, and 2 are there.')
  assertDecodeError(orders, wire.json, 'decode', 'The value has the schema 8, which is json; avro belongs here.')
  assertDecodeError(orders, wire.avro.slice(0, -4), 'decode', 'The value is not of the Avro schema 7: truncated buffer')
  assertDecodeError(messages, '000000012c020a0a03746561', 'decode', 'The value is broken: it has the message at 5 of the Protobuf schema 300, where none is.')
  assertDecodeError(messages, '000000012cfe7f', 'decode', 'The value is broken: its message is announced by 8191 places, and 0 bytes follow.')
  assertDecodeError(messages, '000000012c000a09746561', 'decode', 'The value is not the message Item of the Protobuf schema 300: index out of range: 2 + 9 > 5')
  assertDecodeError(documents, '00000000087b', 'json', "The value is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)")
  assertDecodeError(documents, `0000000008${Buffer.from('{"id":"1"}').toString('hex')}`, 'schema',
    "The value does not fit the JSON Schema 8: value must have required property 'item'; /id must be integer")
})

test('what does not fit its schema is not written', async t => {
  const { avro, protobuf, jsonSchema } = await startRegistry(t)
  const [orders, messages, documents] = [avro('avro-value'), protobuf('protobuf-value'), jsonSchema('json-value')]
  await Promise.all([orders.prepare(), messages.prepare(), documents.prepare()])

  assert.throws(() => orders.encode({ id: 'one' }), { name: 'TypeError', message: 'The value does not fit the Avro schema 7: invalid "long": "one"' })
  assert.throws(() => messages.encode(null), { name: 'TypeError', message: 'A Protobuf message is written from an object, not from null.' })
  assert.throws(() => documents.encode({ id: 1 }), { name: 'TypeError', message: "The value does not fit the JSON Schema 8: value must have required property 'item'" })
})

test('a value whose schema the registry does not have is a decode error, and does not hold up those behind it', async t => {
  const { avro, asked } = await startRegistry(t)
  const orders = avro('avro-value')

  await notLoaded(() => orders.decode(bytesOf('00000000630000'))).load()

  assertDecodeError(orders, '00000000630000', 'decode', 'The value has the schema 99, which the registry does not have.')
  await orders.prepare([99])
  assert.equal(asked.filter(path => path === '/schemas/ids/99').length, 1)
})

test('a registry that is away is waited for: loading fails, and succeeds when it is back', async t => {
  const registry = await startRegistry(t)
  const orders = registry.avro('avro-value')

  registry.status = 503
  for (const load of [() => orders.prepare(), notLoaded(() => orders.decode(bytesOf(wire.avro))).load]) {
    await assert.rejects(load(), (error: unknown) => error instanceof Error && !(error instanceof FatalError) && /could not be loaded from http:.*503/.test(error.message))
  }
  registry.status = undefined
  await orders.prepare([7])

  assert.deepEqual(plain(orders.decode(bytesOf(wire.avro))), { id: 1, item: 'tea', note: null })
})

test('a registry that nobody answers for is waited for as well', async () => {
  // Port 1 is nobody's.
  const orders = schemaRegistry({ url: 'http://127.0.0.1:1' }).avro('avro-value')

  for (const load of [() => orders.prepare(), notLoaded(() => orders.decode(bytesOf(wire.avro))).load]) {
    await assert.rejects(load(), (error: unknown) => error instanceof Error && !(error instanceof FatalError) && error.message.includes('could not be loaded from http://127.0.0.1:1'))
  }
})

test('what no waiting mends is fatal and says what to do', async t => {
  const { url, avro, protobuf } = await startRegistry(t)

  await assert.rejects(avro('absent-value').prepare(), { name: 'FatalError', message: `The registry at ${url} has no subject 'absent-value': register its schema first.` })
  await assert.rejects(avro('broken-value').prepare(), { name: 'FatalError', message: `Schema 9 could not be loaded from ${url}: undefined type name: shop.Absent` })
  const unusable = protobuf('broken-protobuf-value')
  await unusable.prepare()
  assert.throws(() => unusable.encode({}), { name: 'FatalError', message: "The Protobuf schema 10 cannot be used: no such Type or Enum 'other.Absent' in Type .Broken. Types of other subjects are not loaded." })
  const misnamed = protobuf('protobuf-value', 'shop.Absent')
  await misnamed.prepare()
  assert.throws(() => misnamed.encode({}), { name: 'FatalError', message: /^The Protobuf schema 300 cannot be used: no such type/ })
})

test('who is not let in is told so at once, who has the password or the token reads', async t => {
  for (const { auth, authorization } of [
    { auth: { username: 'user', password: 'secret' }, authorization: 'Basic dXNlcjpzZWNyZXQ=' },
    { auth: { token: 'secret' }, authorization: 'Bearer secret' }
  ]) {
    const { url } = await startFakeRegistry(t, { ...options, authorization })

    await schemaRegistry({ url, auth }).avro('avro-value').prepare([3])

    await assert.rejects(schemaRegistry({ url }).avro('avro-value').prepare(), { name: 'FatalError', message: /HTTP 401/ })
    await assert.rejects(schemaRegistry({ url, auth: { token: 'wrong' } }).avro('avro-value').prepare([3]), { name: 'FatalError' })
  }
})
