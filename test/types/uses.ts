import { combineTopologies, defineKeyValueStateStore, defineTopology, isRejected, isValid, joinWindows, serdes, sessionWindows, slidingWindows, timeWindows, topicPattern, type Rejected, type Stream, type Table, type Topology, type Windowed } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { anything, counts, customers, numbers, Order, orders, payments, regions, typeOf, words } from './topics.ts'

/** Uses that must compile, and what is inferred in them. */
export const uses = defineTopology('uses', ({ stream, table, globalTable }) => {
  const order = stream(orders)
  typeOf(order).is<Stream<string | null, { id: string, customer: string, cents: number } | null>>(true)

  const present = order.filter(value => value !== null)
  typeOf(present).is<Stream<string | null, { id: string, customer: string, cents: number }>>(true)

  const checked = stream(anything).validate(Order).branch({ valid: isValid, dlq: isRejected })
  typeOf(checked.valid).is<Stream<string | null, { id: string, customer: string, cents: number }>>(true)
  typeOf(checked.dlq).is<Stream<string | null, Rejected>>(true)

  const cents = present.mapValues(({ cents }) => cents)
  typeOf(cents).is<Stream<string | null, number>>(true)
  const split = present.flatMapValues(({ id }) => id.split('-'))
  typeOf(split).is<Stream<string | null, string>>(true)
  const mapped = present.map(({ cents }, key) => [key ?? '', cents])
  typeOf(mapped).is<Stream<string, number>>(true)
  const rekeyed = present.selectKey(({ customer }) => customer)
  typeOf(rekeyed).is<Stream<string, { id: string, customer: string, cents: number }>>(true)

  const total = rekeyed.groupByKey().aggregate(() => 0, (sum, { cents }) => sum + cents, { store: { name: 'totals', value: serdes.long } })
  typeOf(total).is<Table<string, number>>(true)
  const count = present.groupBy(({ customer }) => customer).count()
  typeOf(count).is<Table<string, number>>(true)
  const longest = stream(words).groupByKey().reduce((longest, word) => word.length > longest.length ? word : longest)
  typeOf(longest).is<Table<string, string>>(true)
  const byLength = stream(words).filter(word => word !== null).groupBy(word => word.length, { key: serdes.int }).count()
  typeOf(byLength).is<Table<number, number>>(true)

  const perMinute = rekeyed.groupByKey().windowedBy(timeWindows({ sizeMs: 60_000, graceMs: 5_000 })).count()
  typeOf(perMinute).is<Table<Windowed<string>, number>>(true)
  const final = perMinute.suppress({ untilWindowCloses: true })
  typeOf(final).is<Table<Windowed<string>, number>>(true)
  const sliding = rekeyed.groupByKey().windowedBy(slidingWindows({ timeDifferenceMs: 1_000 })).aggregate(() => [''], (all, { id }) => [...all, id])
  typeOf(sliding).is<Table<Windowed<string>, string[]>>(true)
  const sessions = rekeyed.groupByKey().windowedBy(sessionWindows({ inactivityGapMs: 1_000 })).emitStrategy('on-window-close').aggregate(() => 0, (sum, { cents }) => sum + cents, (one, other) => one + other)
  typeOf(sessions).is<Table<Windowed<string>, number>>(true)

  const paid = present.join(stream(payments), (order, payment) => ({ id: order.id, owes: order.cents - payment.cents }), { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  typeOf(paid).is<Stream<string | null, { id: string, owes: number }>>(true)
  const perhapsPaid = present.leftJoin(stream(payments), (order, payment) => order.cents - (payment?.cents ?? 0), { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  typeOf(perhapsPaid).is<Stream<string | null, number>>(true)
  const either = present.outerJoin(stream(payments), (order, payment) => order?.cents ?? payment?.cents ?? 0, { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  typeOf(either).is<Stream<string | null, number>>(true)

  const keyed = stream(payments).filter(value => value !== null).selectKey(({ orderId }) => orderId)
  typeOf(present.join(keyed, (order, { cents }) => order.cents - cents, { windows: joinWindows({ timeDifferenceMs: 1_000 }) })).is<Stream<string | null, number>>(true)
  typeOf(keyed.leftJoin(present, ({ cents }, order) => cents - (order?.cents ?? 0), { windows: joinWindows({ timeDifferenceMs: 1_000 }) })).is<Stream<string, number>>(true)
  typeOf(keyed.outerJoin(present, (payment, order) => payment?.cents ?? order?.cents ?? 0, { windows: joinWindows({ timeDifferenceMs: 1_000 }) })).is<Stream<string | null, number>>(true)
  typeOf(rekeyed.merge(present)).is<Stream<string | null, { id: string, customer: string, cents: number }>>(true)

  const customer = table(customers)
  typeOf(customer).is<Table<string, { name: string, region: string }>>(true)
  const named = rekeyed.join(customer, (order, { name }) => `${name}: ${order.id}`)
  typeOf(named).is<Stream<string, string>>(true)
  const perhapsNamed = rekeyed.leftJoin(customer, (order, row) => row === null ? order.id : row.name)
  typeOf(perhapsNamed).is<Stream<string, string>>(true)
  const region = globalTable(regions)
  const withRegion = present.join(region, (order, name) => order.id + name, { keyMapper: ({ customer }) => customer })
  typeOf(withRegion).is<Stream<string | null, string>>(true)

  const both = customer.join(count, ({ name }, orders) => ({ name, orders }))
  typeOf(both).is<Table<string, { name: string, orders: number }>>(true)
  const outer = customer.outerJoin(count, (row, orders) => `${row?.name} ${orders ?? 0}`)
  typeOf(outer).is<Table<string, string>>(true)
  const inRegion = customer.join(table(regions, { name: 'region-names' }), ({ name }, region) => name + region, { foreignKey: ({ region }) => region })
  typeOf(inRegion).is<Table<string, string>>(true)
  const perRegion = customer.groupBy(({ region, name }) => [region, name.length]).aggregate(() => 0, (sum, length) => sum + length, (sum, length) => sum - length)
  typeOf(perRegion).is<Table<string, number>>(true)

  const cogrouped = rekeyed.groupByKey().cogroup((sum: number, { cents }) => sum + cents).cogroup(stream(numbers).map((value, key) => [String(key), value]).groupByKey(), (sum, value) => sum + value).aggregate(() => 0)
  typeOf(cogrouped).is<Table<string, number>>(true)

  typeOf(customer.transformValues((row, key) => row === null ? null : row.region + key, { name: 'transformed' })).is<Table<string, string>>(true)
  typeOf(customer.transformValues((_row, key, { stores: { seen } }) => {
    const count = (seen.get(key)?.value ?? 0) + 1
    seen.put(key, count, 0)
    return count
  }, { name: 'with-store', stores: { seen: defineKeyValueStateStore({ name: 'seen', key: serdes.string, value: serdes.long }) } })).is<Table<string, number>>(true)
  present.to(({ value }) => value.cents > 5 ? orders : orders, { topics: [orders], partitioner: ({ value: { cents } }, count) => cents % count })

  const several = stream([words, regions], { name: 'several', timestampExtractor: ({ value, timestamp }) => value === null ? timestamp : value.length })
  typeOf(several).is<Stream<string | null, string | null>>(true)
  const found = stream(topicPattern({ matching: /orders-.*/, value: serdes.json(Order) }), { name: 'found' })
  typeOf(found).is<Stream<string | null, { id: string, customer: string, cents: number } | null>>(true)
  typeOf(stream(topicPattern({ matching: /anything-.*/ }), { name: 'anything' })).is<Stream<string | null, unknown>>(true)
  typeOf(stream(topicPattern({ matching: /numbers-.*/, key: serdes.int, value: serdes.long }), { name: 'numbers' })).is<Stream<number | null, number | null>>(true)

  count.toStream().to(counts)
  stream(words, { name: 'again' }).toTable({ store: { name: 'last-word' } }).filter(word => word.length > 3).mapValues(word => word.length).toStream().to(counts)
})

typeOf(combineTopologies('several', [uses, combineTopologies('one', [uses])])).is<Topology>(true)

export async function drive (): Promise<void> {
  const driver = createTestDriver(uses)
  await driver.topic(orders).pipe('o1', { id: 'o1', customer: 'c1', cents: 5 })
  await driver.topic(numbers).pipe(1, 2)
  const read = await driver.output(counts).read()
  typeOf(read).is<{ readonly key: string | null, readonly value: number | null, readonly timestamp: number, readonly headers: NonNullable<typeof read>['headers'], readonly partition: number } | undefined>(true)
}
