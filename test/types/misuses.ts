import { Type } from 'typebox'
import { combineTopologies, defineProcessor, defineTopic, defineTopology, isRejected, isValid, joinWindows, serdes, sessionWindows, slidingWindows, timeWindows, topicPattern } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { anything, counts, customers, numbers, Order, orders, payments, regions, words } from './topics.ts'

/** Misuses that must not compile: tsc fails where one of them does, as its `@ts-expect-error` is then not needed. */
const within = joinWindows({ timeDifferenceMs: 1_000 })

const needsOrder = defineProcessor({ name: 'needs-order', input: Order, stores: {}, process () {} })
const toNumber = defineProcessor({
  name: 'to-number',
  input: Order,
  output: Type.Number(),
  stores: {},
  process (record, { forward }) {
    // @ts-expect-error 1: forwards what its output is not
    forward({ ...record, value: 'no number' })
    // @ts-expect-error 2: there is no such field in its input
    forward({ ...record, value: record.value.price })
  }
})

export const misuses = defineTopology('misuses', ({ stream, table, globalTable }) => {
  const order = stream(orders).filter(value => value !== null)
  const rekeyed = order.selectKey(({ customer }) => customer)
  const customer = table(customers)
  const count = rekeyed.groupByKey().count()
  const perWindow = rekeyed.groupByKey().windowedBy(timeWindows({ sizeMs: 10 })).count()

  // @ts-expect-error 60: topics of one source have values of one type
  stream([words, orders], { name: 'several-values' })
  // @ts-expect-error 61: and keys of one type
  stream([counts, numbers], { name: 'several-keys' })
  // @ts-expect-error 62: a pattern is a regular expression
  topicPattern({ matching: 'orders-.*' })
  // @ts-expect-error 63: a table is made of one topic
  table([words, regions])
  // @ts-expect-error 64: and not of a pattern
  table(topicPattern({ matching: /orders-.*/ }))
  // @ts-expect-error 65: what a pattern's serde decodes may be null before somebody has looked
  stream(topicPattern({ matching: /orders-.*/, value: serdes.json(Order) })).mapValues(({ id }) => id)
  // @ts-expect-error 66: a transformer is asked about deleted rows, too
  customer.transformValues(row => row.name)
  // @ts-expect-error 67: there is no such role among its stores
  customer.transformValues((_row, key, { stores }) => stores.seen.get(key))
  // @ts-expect-error 68: a partition is a number
  order.to(() => orders, { topics: [orders], partitioner: ({ value }) => value.customer })
  // @ts-expect-error 3: a value may be null before somebody has looked
  stream(orders).mapValues(({ id }) => id)
  // @ts-expect-error 4: there is no such field
  order.mapValues(({ price }) => price)
  // @ts-expect-error 5: a predicate answers with true or false
  order.filter(({ id }) => id)
  // @ts-expect-error 6: flatMapValues gives several
  order.flatMapValues(({ cents }) => cents)
  // @ts-expect-error 7: map gives key and value
  order.map(({ id }) => id)
  // @ts-expect-error 8: a topic of numbers takes no orders
  order.to(counts)
  // @ts-expect-error 9: a topic with number keys takes no text keys
  stream(words).mapValues(() => 1).to(numbers)
  // @ts-expect-error 10: there is no operator of this name
  order.reduceByKey(() => 1)
  // @ts-expect-error 11: a stream is grouped before it is counted
  order.count()
  // @ts-expect-error 12: streams are joined within windows
  order.join(stream(payments), (left, right) => left.id + right.orderId)
  // @ts-expect-error 13: grace alone is no window
  order.join(stream(payments), (left, right) => left.id + right.orderId, { graceMs: 5 })
  // @ts-expect-error 14: an inner join's right value has these fields only
  order.join(stream(payments), (_left, right) => right.customer, { windows: within })
  // @ts-expect-error 15: the right side of a left join may be missing
  order.leftJoin(stream(payments), (_left, right) => right.cents, { windows: within })
  // @ts-expect-error 16: both sides of an outer join may be missing
  order.outerJoin(stream(payments), left => left.cents, { windows: within })
  // @ts-expect-error 17: records are joined by keys of one type
  order.join(stream(numbers), left => left.id, { windows: within })
  // @ts-expect-error 18: a table's key has the type of the stream's
  order.join(table(numbers), left => left.id)
  // @ts-expect-error 19: a stream has no outer join with a table
  order.outerJoin(customer, left => left?.id)
  // @ts-expect-error 20: a global table is joined by a key that is made of the record
  order.join(globalTable(regions), left => left.id)
  // @ts-expect-error 21: and that key has the global table's type
  order.join(globalTable(regions), left => left.id, { keyMapper: ({ cents }) => cents })
  // @ts-expect-error 22: a global table has no operators of its own
  globalTable(regions).filter(() => true)

  // @ts-expect-error 23: an aggregator goes on from what it is given
  rekeyed.groupByKey().aggregate(() => 0, sum => `${sum}`)
  // @ts-expect-error 24: a reducer stays with the type of the values
  rekeyed.groupByKey().reduce((left, right) => left.cents + right.cents)
  // @ts-expect-error 25: a count is a number
  count.mapValues(count => count.length)
  // @ts-expect-error 26: a store's value serde writes what the aggregate is
  rekeyed.groupByKey().aggregate(() => 0, sum => sum + 1, { store: { value: serdes.string } })
  // @ts-expect-error 27: sessions that grow together need a merger
  rekeyed.groupByKey().windowedBy(sessionWindows({ inactivityGapMs: 1 })).aggregate(() => 0, sum => sum + 1)
  // @ts-expect-error 28: there is no such strategy
  rekeyed.groupByKey().windowedBy(timeWindows({ sizeMs: 1 })).emitStrategy('at-midnight')
  // @ts-expect-error 29: a time window has a size
  timeWindows({ advanceMs: 5 })
  // @ts-expect-error 30: a session has a gap
  sessionWindows({ graceMs: 5 })
  // @ts-expect-error 31: a sliding window has a time difference
  slidingWindows({ sizeMs: 5 })
  // @ts-expect-error 32: durations are numbers
  timeWindows({ sizeMs: '5 minutes' })
  // @ts-expect-error 33: join windows do not cut an aggregate into windows
  rekeyed.groupByKey().windowedBy(within)
  // @ts-expect-error 34: only rows of windows can wait for their end
  count.suppress({ untilWindowCloses: true })
  // @ts-expect-error 35: until when
  perWindow.suppress({ maxRecords: 5 })
  // @ts-expect-error 36: a windowed key is no text
  perWindow.toStream().to(counts)
  // @ts-expect-error 37: a deleted row is null in the stream of its changes
  customer.toStream().mapValues(({ name }) => name)
  // @ts-expect-error 38: tables of different keys need a foreign key
  customer.join(table(numbers), ({ name }) => name)
  // @ts-expect-error 39: a foreign key has the type of the right table's keys
  customer.join(table(numbers), ({ name }) => name, { foreignKey: ({ region }) => region })
  // @ts-expect-error 40: a foreign-key join has no outer form
  customer.outerJoin(table(regions), () => '', { foreignKey: ({ region }: { region: string }) => region })
  // @ts-expect-error 41: the right row of a left join may be missing
  customer.leftJoin(count, (_row, orders) => orders + 1)
  // @ts-expect-error 42: a table's groups need key and value
  customer.groupBy(({ region }) => region)
  // @ts-expect-error 43: what changes in a table is taken out again
  customer.groupBy(({ region, name }) => [region, name]).aggregate(() => 0, sum => sum + 1)
  // @ts-expect-error 44: a table is no stream
  customer.selectKey(({ name }) => name)
  // @ts-expect-error 45: a group that is no text says how it is written
  order.groupBy(({ cents }) => cents, { key: serdes.string })

  // @ts-expect-error 46: a processor is given what it takes
  stream(words).process(needsOrder)
  // @ts-expect-error 47: a store's name is text
  rekeyed.groupByKey().count({ store: { name: 5 } })
  // @ts-expect-error 48: and only its output
  order.process(toNumber).mapValues(({ id }) => id)
  // @ts-expect-error 49: what a validation turned away is routed before it is used
  stream(anything).validate(Order).mapValues(({ id }) => id)
  // @ts-expect-error 50: a branch has the names of its guards
  void stream(anything).validate(Order).branch({ valid: isValid, dlq: isRejected }).rejected
  // @ts-expect-error 51: streams that are merged have keys of one type
  stream(words).merge(stream(numbers))
  // @ts-expect-error 52: a partition count is a number
  order.repartition({ partitions: 'many' })
  // @ts-expect-error 53: a key serde writes the keys that there are
  rekeyed.groupByKey({ key: serdes.int })
})

export async function drive (): Promise<void> {
  const driver = createTestDriver(misuses)
  // @ts-expect-error 54: a topic of orders is piped orders
  await driver.topic(orders).pipe('o1', 'an order')
  // @ts-expect-error 55: under keys of its type
  await driver.topic(numbers).pipe('one', 1)
  // @ts-expect-error 56: what is read is what the topic holds
  const read: string | undefined = (await driver.output(counts).read())?.value
  void read
}

// @ts-expect-error 57: a topic has a name
defineTopic({ value: serdes.string })
// @ts-expect-error 58: a serde decodes and encodes
defineTopic({ name: 'x', value: 'string' })
// @ts-expect-error 59: an optimization has Kafka Streams' name
defineTopology('x', { optimization: 'fast' }, () => {})
// @ts-expect-error 60: what is combined are topologies
combineTopologies('x', [misuses, orders])
// @ts-expect-error 61: in a list
combineTopologies('x', misuses)
