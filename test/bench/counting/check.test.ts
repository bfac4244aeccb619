import { equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { findMistake } from '../../../bench/counting/check.ts'
import { expectedOf, orders, type Summary } from '../../../bench/counting/orders.ts'

const expected = expectedOf(orders({ seed: 7, count: 2_000, partitions: 6, customers: 50 }))

test('the model\'s own result has no mistake, in whatever order the dead letters come', () => {
  equal(findMistake({ summaries: expected.summaries, deadLetters: expected.deadLetters.toReversed() }, expected), undefined)
})

test('a summary that is one order short is a mistake', () => {
  match(String(findMistake(withSummary('customer-3', summary => ({ ...summary, count: summary.count - 1 })), expected)), /^customer-3: count is \d+, expected \d+$/)
})

test('a wrong last time is a mistake', () => {
  match(String(findMistake(withSummary('customer-0', summary => ({ ...summary, lastAt: summary.lastAt + 1 })), expected)), /^customer-0: lastAt is/)
})

test('a missing and an invented customer are mistakes', () => {
  const summaries = new Map(expected.summaries)
  summaries.delete('customer-1')
  equal(findMistake({ ...expected, summaries }, expected), 'customer-1: no summary')
  equal(findMistake({ ...expected, summaries: new Map([...expected.summaries, ['nobody', { count: 1, sum: 1, min: 1, max: 1, lastAt: 1 }]]) }, expected), 'nobody has a summary and no valid order')
})

test('a lost, a changed and a repeated dead letter are mistakes', () => {
  const { summaries, deadLetters } = expected
  match(String(findMistake({ summaries, deadLetters: deadLetters.slice(1) }, expected)), /dead letters, expected/)
  match(String(findMistake({ summaries, deadLetters: ['{}', ...deadLetters.slice(1)] }, expected)), /expected/)
  match(String(findMistake({ summaries, deadLetters: [...deadLetters, ...deadLetters.slice(-1)] }, expected)), /dead letters, expected/)
})

function withSummary (customer: string, change: (summary: Readonly<Summary>) => Summary) {
  const summary = expected.summaries.get(customer)
  if (summary === undefined) throw new TypeError(`${customer} has no summary in the model.`)
  return { ...expected, summaries: new Map([...expected.summaries, [customer, change(summary)]]) }
}
