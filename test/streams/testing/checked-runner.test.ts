import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineKeyed, defineProcessor, defineTopic, defineTopology, isRejected, isValid, type ProcessorContext, type StreamRecord, type Topology } from '../../../streams/index.ts'
import { createTestDriver, NondeterminismError } from '../../../streams/testing.ts'

const numbers = defineTopic({ name: 'numbers' })
const dead = defineTopic({ name: 'dead' })
const answers = defineTopic({ name: 'answers' })
const lists = defineKeyed({ name: 'lists', key: ['id'], value: Type.Object({ values: Type.Array(Type.Unknown()) }) })

type Context = ProcessorContext<unknown, { readonly lists: typeof lists }>

/** numbers → one node that does this → answers; what it fails on is a dead letter. */
function doing (process: (record: StreamRecord<unknown, unknown>, context: Context) => void): Topology {
  return defineTopology('doing', ({ stream }) => {
    const { valid, dlq } = stream(numbers).validate(Type.Unknown()).branch({ valid: isValid, dlq: isRejected })
    dlq.to(dead, { format: 'raw' })
    valid.process(defineProcessor({ name: 'suspect', input: Type.Unknown(), output: Type.Unknown(), stores: { lists }, process })).to(answers, { name: 'answer' })
  })
}

test('a node that writes another value each time is found, with what it did', async () => {
  let calls = 0
  const driver = createTestDriver(doing((record, { stores }) => stores.lists.put({ id: 'a' }, { values: [++calls] })))

  await assert.rejects(driver.topic(numbers).pipe('k', 1), (error: unknown) => {
    assert.ok(error instanceof NondeterminismError)
    assert.match(error.message, /^Node 'suspect' did not do the same when numbers-0@0 was run again: first it called put of store 'lists' \[ \{ id: 'a' \}, \{ values: \[ \d \] \} \], then it called put of store 'lists' \[.* \d \]/)
    return true
  })
})

test('a node that hands on another value each time is found', async () => {
  let calls = 0
  const driver = createTestDriver(doing((record, { forward }) => forward({ ...record, value: ++calls })))

  await assert.rejects(driver.topic(numbers).pipe('k', 1), /Node 'suspect' did not do the same .*first it handed on \{ key: 'k', value: 1, .* then it handed on \{ key: 'k', value: 2,/)
})

for (const [time, remainder] of [['first', 1], ['second', 0]] as const) {
  test(`a node that fails the ${time} time only is found`, async () => {
    let calls = 0
    const driver = createTestDriver(doing(() => { if (++calls % 2 === remainder) throw new Error('a bad day') }))

    await assert.rejects(driver.topic(numbers).pipe('k', 1), /Node 'suspect' did not do the same .*failed "Node 'suspect': a bad day"/)
  })
}

test('a node that always fails is none', async () => {
  const driver = createTestDriver(doing(() => { throw new Error('every day') }))

  await driver.topic(numbers).pipe('k', 1)

  assert.deepEqual((await driver.deadLetters()).map(({ node, message, source: { offset } }) => [node, message, offset]), [['suspect', "Node 'suspect': every day", 0]])
})

test('a node that changes what a store gave it fails there', async () => {
  const driver = createTestDriver(doing((record, { stores, forward }) => {
    const list = stores.lists.get({ id: 'a' })
    if (list === undefined) stores.lists.put({ id: 'a' }, { values: [] })
    else list.values.push(record.value)
    forward(record)
  }))
  await driver.topic(numbers).pipe('k', 1)

  await driver.topic(numbers).pipe('k', 2)

  assert.deepEqual((await driver.deadLetters()).map(({ node, message }) => [node, message]), [['suspect', "Node 'suspect': Cannot add property 0, object is not extensible"]])
})

test('a node that changes the record it was given is found', async () => {
  const driver = createTestDriver(doing(({ value }) => { if (Array.isArray(value)) value.push(1) }))

  await assert.rejects(driver.topic(numbers).pipe('k', [0]), /Node 'suspect' did not do the same .*Cannot add property/)
})

test('told not to look, the driver runs each record once', async () => {
  let runs = 0
  const driver = createTestDriver(doing((record, { forward }) => forward({ ...record, value: ++runs })), { debug: false })

  await driver.topic(numbers).pipe('k', 1)

  assert.deepEqual(await driver.output(answers).readValues(), [1])
})
