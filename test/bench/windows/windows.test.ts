import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viewsAndSales, type WindowsRecord } from '../../../bench/windows/log.ts'
import { totalsOf, windowName, type Total } from '../../../bench/windows/model.ts'
import { findDifference, readResult, writeResult } from '../../../bench/windows/result.ts'

const records = [...viewsAndSales({ seed: 1, count: 3_000, partitions: 6, products: 50 })]

test('the pairs of the model are those of each view with each sale', () => {
  const sales = records.filter(({ side }) => side === 'sales')
  let [count, sum] = [0, 0]
  for (const view of records.filter(({ side }) => side === 'views')) {
    for (const sale of sales) {
      if (sale.product !== view.product || Math.abs(sale.timestamp - view.timestamp) > 30_000) continue
      count++
      sum += view.amount * sale.amount
    }
  }

  const matches = [...totalsOf(records).matches.values()]

  assert.ok(count > 3_000)
  assert.deepEqual(matches.reduce((all, total) => ({ count: all.count + total.count, sum: all.sum + total.sum })), { count, sum })
})

test('a sale is in the three windows that hold its time, and its end is outside', () => {
  const sale = { side: 'sales', partition: 0, product: 'p', amount: 5, value: Buffer.alloc(0) } as const
  const total: Total = { count: 1, sum: 5 }

  const { windows } = totalsOf([{ ...sale, timestamp: 100_000 }])

  assert.deepEqual(windows, new Map([100_000, 80_000, 60_000].map(start => [windowName('p', start), total])))
})

test('the order of the records does not matter', () => {
  const byTime = (a: WindowsRecord, b: WindowsRecord): number => b.timestamp - a.timestamp

  assert.equal(findDifference(totalsOf(records.toSorted(byTime)), totalsOf(records)), undefined)
})

test('what is written as a result is read again, and what is wrong in it is found', () => {
  const expected = totalsOf(records)
  const lines = writeResult(expected).split('\n')

  assert.equal(findDifference(readResult(lines.toReversed().join('\n')), expected), undefined)
  assert.match(String(findDifference(readResult(lines.slice(1).join('\n')), expected)), /^windows: \d+ rows, expected/)
  const wrong = lines.with(-1, String(lines.at(-1)).replace(/"sum":(\d+)/, '"sum":1$1'))
  assert.match(String(findDifference(readResult(wrong.join('\n')), expected)), /^matches: product-\d+: \d+ and 1\d+, expected/)
})
