import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { oneRun, skipSummary, type Outcome, type TestEvent } from '../../scripts/test-events.ts'

test('the closing accounts of two runs are added up and come last', async () => {
  const { events } = await merge([closing('tests 2'), closing('pass 2'), said('a test says this'), closing('tests 3'), closing('pass 1')])

  assert.deepEqual(events.map(messageOf), ['a test says this', 'tests 5', 'pass 3'])
})

test('one failed run fails the whole', async () => {
  const { outcome } = await merge([summary(true), summary(false), summary(true)])

  assert.equal(outcome.success, false)
})

test('skipped tests are listed under their reason', () => {
  const summary = skipSummary([{ name: 'a', reason: 'no Kafka' }, { name: 'b', reason: 'too slow' }, { name: 'c', reason: 'no Kafka' }])

  assert.equal(summary, '\n3 skipped:\n  2 because no Kafka\n    - a\n    - c\n  1 because too slow\n    - b\n')
})

test('nothing skipped, nothing said', () => {
  assert.equal(skipSummary([]), '')
})

async function merge (events: readonly TestEvent[]): Promise<{ events: TestEvent[], outcome: Outcome }> {
  const outcome: Outcome = { success: true, skipped: [] }
  return { events: await Array.fromAsync(oneRun(Readable.from(events), outcome)), outcome }
}

function closing (message: string): TestEvent {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } }
}

function said (message: string): TestEvent {
  return { type: 'test:diagnostic', data: { nesting: 1, message, level: 'info' } }
}

function summary (success: boolean): TestEvent {
  const counts = { cancelled: 0, passed: 0, skipped: 0, suites: 0, tests: 0, todo: 0, topLevel: 0, failed: 0 }
  return { type: 'test:summary', data: { success, counts, duration_ms: 1, file: undefined } }
}

function messageOf (event: TestEvent): string {
  return event.type === 'test:diagnostic' ? event.data.message : event.type
}
