import { createRandom, createSkewed } from '../../bin/sample-events.ts'
import { partitionOf } from '../../test/helpers/random-log.ts'

export interface WindowsLogOptions {
  readonly seed: number
  /** Of each side: as many views as sales. */
  readonly count: number
  readonly partitions: number
  readonly products: number
}

/** One record of the log: its key is the product. `amount` is the seconds of a view, the cents of a sale. */
export interface WindowsRecord {
  readonly side: 'views' | 'sales'
  readonly partition: number
  readonly product: string
  readonly timestamp: number
  readonly amount: number
  readonly value: Buffer
}

const FIRST_AT = 1_750_000_000_000
/** Between two records of one side. */
const STEP_MS = 4
/** How far behind the newest a record may be; less than every grace period of the work. */
export const LATEST_MS = 5_000
const SKEW = 0.5
const MOST_SECONDS = 200
const MOST_CENTS = 5_000

/**
 * Views and sales of products in turns, at 250 a second each by their timestamps, which are up to five seconds out of order. How dense they are
 * does not depend on how many there are. The same options give the same log.
 *
 * No record is ever too late, for either engine: both merge the partitions of a task by timestamp and wait for what the broker
 * has, so stream time is at most five seconds ahead of any record, and the grace is ten.
 */
export function * viewsAndSales ({ seed, count, partitions, products }: WindowsLogOptions): Generator<WindowsRecord> {
  const random = createRandom(seed)
  const names = Array.from({ length: products }, (_, rank) => `product-${rank}`)
  const places = new Map(names.map(name => [name, partitionOf(name, partitions)]))
  const draw = createSkewed(names, SKEW, random)
  for (let number = 0; number < count; number++) {
    for (const side of ['views', 'sales'] as const) {
      const product = draw()
      const amount = 1 + random.below(side === 'views' ? MOST_SECONDS : MOST_CENTS)
      const timestamp = FIRST_AT + number * STEP_MS - random.below(LATEST_MS)
      const value = Buffer.from(JSON.stringify(side === 'views' ? { id: `view-${seed}-${number}`, seconds: amount } : { id: `sale-${seed}-${number}`, cents: amount }))
      yield { side, partition: places.get(product) ?? 0, product, timestamp, amount, value }
    }
  }
}
