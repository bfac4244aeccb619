import type { WindowsRecord } from './log.ts'

export const SIZE_MS = 60_000
export const ADVANCE_MS = 20_000
export const APART_MS = 30_000

export interface Total {
  readonly count: number
  readonly sum: number
}

/** What is there in the end; the sums do not depend on the order of the records. */
export interface Totals {
  /** Cents by product and start of the window, see `windowName`. */
  readonly windows: ReadonlyMap<string, Total>
  /** Of each product the pairs of a view and a sale at most 30 seconds apart; a pair counts for seconds × cents. */
  readonly matches: ReadonlyMap<string, Total>
}

export function windowName (product: string, start: number): string {
  return `${product} from ${start}`
}

/** What matching needs of a record. */
type Moment = Pick<WindowsRecord, 'timestamp' | 'amount'>

/** The plain way to the same result. */
export function totalsOf (records: Iterable<WindowsRecord>): Totals {
  const windows = new Map<string, Total>()
  const byProduct = new Map<string, { readonly views: Moment[], readonly sales: Moment[] }>()
  for (const { side, product, timestamp, amount } of records) {
    const sides = byProduct.get(product) ?? { views: [], sales: [] }
    byProduct.set(product, sides)
    sides[side].push({ timestamp, amount })
    if (side === 'views') continue
    const newest = Math.floor(timestamp / ADVANCE_MS) * ADVANCE_MS
    for (let start = newest; start > timestamp - SIZE_MS; start -= ADVANCE_MS) {
      const name = windowName(product, start)
      const { count, sum } = windows.get(name) ?? { count: 0, sum: 0 }
      windows.set(name, { count: count + 1, sum: sum + amount })
    }
  }
  const matches = new Map<string, Total>()
  for (const [product, { views, sales }] of byProduct) {
    const total = matchesOf(views, sales)
    if (total.count > 0) matches.set(product, total)
  }
  return { windows, matches }
}

/** Each sale with the views around it: two places in the sorted views move along with it. */
function matchesOf (views: Moment[], sales: Moment[]): Total {
  const byTime = (a: Moment, b: Moment): number => a.timestamp - b.timestamp
  views.sort(byTime)
  sales.sort(byTime)
  let [count, sum, seconds, from, to] = [0, 0, 0, 0, 0]
  for (const sale of sales) {
    for (let view = views[to]; view !== undefined && view.timestamp <= sale.timestamp + APART_MS; view = views[++to]) seconds += view.amount
    for (let view = views[from]; view !== undefined && view.timestamp < sale.timestamp - APART_MS; view = views[++from]) seconds -= view.amount
    count += to - from
    sum += seconds * sale.amount
  }
  return { count, sum }
}
