import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command, CommanderError } from 'commander'
import { addDlq } from '../../../bin/commands/dlq/dlq.ts'
import { addFilters, criteriaOf, type FilterOptions } from '../../../bin/commands/dlq/options.ts'

const misuses: readonly [args: readonly string[], sentence: RegExp][] = [
  [['list'], /'--topic <topic>' not specified/],
  [['list', '--topic', 'x', '--class', 'bad'], /Allowed choices are poison, retryable, fatal, unknown/],
  [['list', '--topic', 'x', '--since', 'yesterday'], /YYYY-MM-DD.+PT15M/],
  [['list', '--topic', 'x', '--header', 'tenant'], /name=value/],
  [['stats', '--topic', 'x', '--where', 'a ='], /no JSONata expression/],
  [['list', '--topic', 'x', '--limit', '0'], /whole number above 0/],
  [['show', '42', '--topic', 'x'], /partition:offset, .+ such as 0:42/],
  [['edit', '--topic', 'x'], /missing required argument 'at'/],
  [['replay', '0-42', '--topic', 'x'], /partition:offset, .+ such as 0:42/],
  [['replay', '--topic', 'x', '--rate', '0'], /number above 0/],
  [['purge', '--topic', 'x', '--before', '12'], /partition:offset/]
]

for (const [args, sentence] of misuses) {
  test(`'dlq ${args.join(' ')}' is refused before anything is opened, and it says how it is meant`, async () => {
    let said = ''
    const program = new Command('millrace').exitOverride().configureOutput({ writeErr: text => { said += text } })
    addDlq(program)

    await assert.rejects(program.parseAsync(['dlq', ...args], { from: 'user' }), CommanderError)
    assert.match(said, sentence)
  })
}

function filters (...args: string[]): FilterOptions {
  return addFilters(new Command('list').exitOverride()).parse(args, { from: 'user' }).opts<FilterOptions>()
}

test('times are dates, times or how long ago', () => {
  const day = criteriaOf(filters('--since', '2026-03-01', '--until', '2026-03-01T12:00+01:00'))
  assert.deepEqual([day.sinceMs, day.untilMs], [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 1, 11)])

  const { sinceMs = 0 } = criteriaOf(filters('--since', 'PT1H'))
  assert.ok(Math.abs(Date.now() - 3_600_000 - sinceMs) < 10_000)
})

test('headers may be given several times, and hold an equals sign', () => {
  assert.deepEqual(criteriaOf(filters('--header', 'a=1', '--header', 'b=x=y')).headers, [['a', '1'], ['b', 'x=y']])
  assert.deepEqual(criteriaOf(filters()).headers, [])
})

test('an expression holds where it finds something; what it cannot be asked of does not fit', async () => {
  const { where } = criteriaOf(filters('--where', 'user.country = "NO" and $count(items) > 1'))
  assert.equal(await where?.({ user: { country: 'NO' }, items: [1, 2] }), true)
  assert.equal(await where?.({ user: { country: 'NO' }, items: [1] }), false)
  assert.equal(await where?.(7), false)

  assert.equal(await criteriaOf(filters('--where', 'price > 3')).where?.({ price: 'much' }), false)
  assert.equal(await criteriaOf(filters('--where', 'items[0].id')).where?.({ items: [{ id: 0 }] }), true)
})
