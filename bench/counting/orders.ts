import { createRandom, createSkewed } from '../../bin/sample-events.ts'
import { partitionOf } from '../../test/helpers/random-log.ts'

/** One record of the log: its key is the customer's. */
export interface OrderRecord {
  readonly partition: number
  readonly key: string
  readonly value: Buffer
  readonly timestamp: number
}

export interface OrdersOptions {
  readonly seed: number
  readonly count: number
  readonly partitions: number
  readonly customers: number
}

/** What each customer's valid orders come to; money in cents, times in milliseconds since 1970. */
export interface Summary {
  count: number
  sum: number
  min: number
  max: number
  /** The latest `placedAt`, which need not be the last record's. */
  lastAt: number
}

const BROKEN = 0.01
const BYTES = 300
const FIRST_AT = 1_750_000_000_000

/**
 * Orders of 300 bytes whose customers are drawn by Zipf; one in a hundred is broken. Valid is a JSON object whose `customer` is a string of
 * 1 to 64 characters, whose `amountCents` is an integer from 1 to 10^9 and whose `placedAt` is an integer above 0; other fields are anything.
 * The same options give the same log.
 */
export function * orders ({ seed, count, partitions, customers }: OrdersOptions): Generator<OrderRecord> {
  const random = createRandom(seed)
  const names = Array.from({ length: customers }, (_, rank) => `customer-${rank}`)
  const places = new Map(names.map(name => [name, partitionOf(name, partitions)]))
  const draw = createSkewed(names, 1, random)
  for (let number = 0; number < count; number++) {
    const customer = draw()
    const timestamp = FIRST_AT + number
    const order = {
      orderId: `order-${seed}-${number}`,
      customer,
      amountCents: 1 + random.below(500_000),
      placedAt: timestamp - random.below(5_000),
      currency: 'EUR',
      status: 'placed',
      note: ''
    }
    const text = JSON.stringify({ ...order, note: 'x'.repeat(Math.max(0, BYTES - JSON.stringify(order).length)) })
    const value = random.chance(BROKEN) ? brokenOrders[random.below(brokenOrders.length)]?.(text) ?? text : text
    yield { partition: places.get(customer) ?? 0, key: customer, value: Buffer.from(value), timestamp }
  }
}

const brokenOrders: readonly ((text: string) => string)[] = [
  text => text.slice(0, -20),
  text => text.replace(/"amountCents":(\d+)/, '"amountCents":"$1"'),
  text => text.replace(/"amountCents":(\d+)/, '"amountCents":-$1'),
  text => text.replace(/"amountCents":(\d+)/, '"amountCents":$1.5'),
  text => text.replace(/"amountCents":\d+,/, ''),
  text => text.replace(/"placedAt":\d+/, '"placedAt":null'),
  text => text.replace(/"customer":"[^"]*"/, '"customer":""')
]

/** By customer. */
export type Summaries = ReadonlyMap<string, Readonly<Summary>>

export interface Expected {
  readonly summaries: Summaries
  /** The values of the invalid records, sorted. */
  readonly deadLetters: readonly string[]
}

/** The plain way to the same result. */
export function expectedOf (records: Iterable<OrderRecord>): Expected {
  const summaries = new Map<string, Summary>()
  const deadLetters: string[] = []
  for (const { value } of records) {
    const order = readOrder(value.toString())
    if (order === undefined) {
      deadLetters.push(value.toString())
      continue
    }
    const { customer, amountCents, placedAt } = order
    const summary = summaries.get(customer)
    if (summary === undefined) summaries.set(customer, { count: 1, sum: amountCents, min: amountCents, max: amountCents, lastAt: placedAt })
    else {
      summary.count++
      summary.sum += amountCents
      summary.min = Math.min(summary.min, amountCents)
      summary.max = Math.max(summary.max, amountCents)
      summary.lastAt = Math.max(summary.lastAt, placedAt)
    }
  }
  return { summaries, deadLetters: deadLetters.sort() }
}

function readOrder (text: string): { readonly customer: string, readonly amountCents: number, readonly placedAt: number } | undefined {
  let order: unknown
  try {
    order = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof order !== 'object' || order === null || !('customer' in order && 'amountCents' in order && 'placedAt' in order)) return undefined
  const { customer, amountCents, placedAt } = order
  if (typeof customer !== 'string' || customer.length < 1 || customer.length > 64) return undefined
  if (!isWhole(amountCents) || amountCents < 1 || amountCents > 1_000_000_000) return undefined
  return isWhole(placedAt) && placedAt > 0 ? { customer, amountCents, placedAt } : undefined
}

function isWhole (value: unknown): value is number {
  return Number.isSafeInteger(value)
}
