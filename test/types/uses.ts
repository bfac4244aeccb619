import { defineTopology, isRejected, isValid, joinWindows, serdes, sessionWindows, slidingWindows, timeWindows, type Rejected, type Stream, type Table, type Windowed } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'
import { anything, counts, customers, numbers, Order, orders, payments, regions, same, words } from './topics.ts'

/** Uses that must compile, and what is inferred in them. */
export const uses = defineTopology('uses', ({ stream, table, globalTable }) => {
  const order = stream(orders)
  same<typeof order, Stream<string | null, { id: string, customer: string, cents: number } | null>>(true)

  const present = order.filter(value => value !== null)
  same<typeof present, Stream<string | null, { id: string, customer: string, cents: number }>>(true)

  const checked = stream(anything).validate(Order).branch({ valid: isValid, dlq: isRejected })
  same<typeof checked.valid, Stream<string | null, { id: string, customer: string, cents: number }>>(true)
  same<typeof checked.dlq, Stream<string | null, Rejected>>(true)

  const cents = present.mapValues(({ cents }) => cents)
  same<typeof cents, Stream<string | null, number>>(true)
  const split = present.flatMapValues(({ id }) => id.split('-'))
  same<typeof split, Stream<string | null, string>>(true)
  const mapped = present.map(({ cents }, key) => [key ?? '', cents])
  same<typeof mapped, Stream<string, number>>(true)
  const rekeyed = present.selectKey(({ customer }) => customer)
  same<typeof rekeyed, Stream<string, { id: string, customer: string, cents: number }>>(true)

  const total = rekeyed.groupByKey().aggregate(() => 0, (sum, { cents }) => sum + cents, { store: { name: 'totals', value: serdes.long } })
  same<typeof total, Table<string, number>>(true)
  const count = present.groupBy(({ customer }) => customer).count()
  same<typeof count, Table<string, number>>(true)
  const longest = stream(words).groupByKey().reduce((longest, word) => word.length > longest.length ? word : longest)
  same<typeof longest, Table<string, string>>(true)
  const byLength = stream(words).filter(word => word !== null).groupBy(word => word.length, { key: serdes.int }).count()
  same<typeof byLength, Table<number, number>>(true)

  const perMinute = rekeyed.groupByKey().windowedBy(timeWindows({ sizeMs: 60_000, graceMs: 5_000 })).count()
  same<typeof perMinute, Table<Windowed<string>, number>>(true)
  const final = perMinute.suppress({ untilWindowCloses: true })
  same<typeof final, Table<Windowed<string>, number>>(true)
  const sliding = rekeyed.groupByKey().windowedBy(slidingWindows({ timeDifferenceMs: 1_000 })).aggregate(() => [''], (all, { id }) => [...all, id])
  same<typeof sliding, Table<Windowed<string>, string[]>>(true)
  const sessions = rekeyed.groupByKey().windowedBy(sessionWindows({ inactivityGapMs: 1_000 })).emitStrategy('on-window-close').aggregate(() => 0, (sum, { cents }) => sum + cents, (one, other) => one + other)
  same<typeof sessions, Table<Windowed<string>, number>>(true)

  const paid = present.join(stream(payments), (order, payment) => ({ id: order.id, owes: order.cents - payment.cents }), { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  same<typeof paid, Stream<string | null, { id: string, owes: number }>>(true)
  const perhapsPaid = present.leftJoin(stream(payments), (order, payment) => order.cents - (payment?.cents ?? 0), { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  same<typeof perhapsPaid, Stream<string | null, number>>(true)
  const either = present.outerJoin(stream(payments), (order, payment) => order?.cents ?? payment?.cents ?? 0, { windows: joinWindows({ timeDifferenceMs: 1_000 }) })
  same<typeof either, Stream<string | null, number>>(true)

  const customer = table(customers)
  same<typeof customer, Table<string, { name: string, region: string }>>(true)
  const named = rekeyed.join(customer, (order, { name }) => `${name}: ${order.id}`)
  same<typeof named, Stream<string, string>>(true)
  const perhapsNamed = rekeyed.leftJoin(customer, (order, row) => row === null ? order.id : row.name)
  same<typeof perhapsNamed, Stream<string, string>>(true)
  const region = globalTable(regions)
  const withRegion = present.join(region, (order, name) => order.id + name, { keyMapper: ({ customer }) => customer })
  same<typeof withRegion, Stream<string | null, string>>(true)

  const both = customer.join(count, ({ name }, orders) => ({ name, orders }))
  same<typeof both, Table<string, { name: string, orders: number }>>(true)
  const outer = customer.outerJoin(count, (row, orders) => `${row?.name} ${orders ?? 0}`)
  same<typeof outer, Table<string, string>>(true)
  const inRegion = customer.join(table(regions, { name: 'region-names' }), ({ name }, region) => name + region, { foreignKey: ({ region }) => region })
  same<typeof inRegion, Table<string, string>>(true)
  const perRegion = customer.groupBy(({ region, name }) => [region, name.length]).aggregate(() => 0, (sum, length) => sum + length, (sum, length) => sum - length)
  same<typeof perRegion, Table<string, number>>(true)

  const cogrouped = rekeyed.groupByKey().cogroup((sum: number, { cents }) => sum + cents).cogroup(stream(numbers).map((value, key) => [String(key), value]).groupByKey(), (sum, value) => sum + value).aggregate(() => 0)
  same<typeof cogrouped, Table<string, number>>(true)

  count.toStream().to(counts)
  stream(words, { name: 'again' }).toTable({ store: { name: 'last-word' } }).filter(word => word.length > 3).mapValues(word => word.length).toStream().to(counts)
})

export async function drive (): Promise<void> {
  const driver = createTestDriver(uses)
  await driver.topic(orders).pipe('o1', { id: 'o1', customer: 'c1', cents: 5 })
  await driver.topic(numbers).pipe(1, 2)
  const read = await driver.output(counts).read()
  same<typeof read, { readonly key: string | null, readonly value: number | null, readonly timestamp: number, readonly headers: NonNullable<typeof read>['headers'], readonly partition: number } | undefined>(true)
}
