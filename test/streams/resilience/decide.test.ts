import fc from 'fast-check'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { FatalError } from '../../../streams/errors.ts'
import { decide, type Decision, type Failure } from '../../../streams/resilience/decide.ts'
import { delayTopics, detour } from '../../../streams/resilience/delay-topics.ts'
import { inPlace, ordered, type RetryPolicy } from '../../../streams/resilience/retry.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const inTopics = delayTopics({ delays: ['5m', '10m', '20m', '40m'] })

const failure = (given: Partial<Failure> = {}): Failure => ({ error: new Error('503'), attempt: 1, firstFailedAt: NOW, now: NOW, random: 0, ...given })
const busy = (retryAfterMs: number): Error => Object.assign(new Error('429'), { retryAfterMs })

test('each failed attempt goes to the next delay topic, and after the last to the dead letters', () => {
  const decisions = [1, 2, 3, 4, 5].map(attempt => decide(inTopics, failure({ attempt })))

  deepEqual(decisions, [
    ...[5, 10, 20, 40].map((minutes, index) => ({ kind: 'delay', index, topicDelayMs: minutes * MINUTE, dueAt: NOW + minutes * MINUTE })),
    { kind: 'dead-letter', class: 'retryable', reason: 'exhausted' }
  ])
})

test('more attempts than delays go through the last delay again, fewer leave the longer ones out', () => {
  const more = [4, 5, 6, 7].map(attempt => decide(delayTopics({ delays: ['1s', '2s', '3s'], attempts: 7 }), failure({ attempt })))
  const fewer = decide(delayTopics({ delays: ['1s', '2s', '3s'], attempts: 2 }), failure({ attempt: 2 }))
  const parked = [1, 2, 9].map(attempt => decide(ordered({ delays: ['1s', '2s'], attempts: Infinity }), failure({ attempt })))

  deepEqual(more.map(decision => decision.kind === 'delay' ? decision.index : decision.kind), [2, 2, 2, 'dead-letter'])
  equal(fewer.kind, 'dead-letter')
  deepEqual(parked, [1_000, 2_000, 2_000].map(ms => ({ kind: 'park', dueAt: NOW + ms })))
})

test('Retry-After chooses the first delay topic from its attempt on that is long enough, or the longest with a due time of its own', () => {
  const sent = (attempt: number, minutes: number): Decision => decide(inTopics, failure({ attempt, error: busy(minutes * MINUTE) }))

  deepEqual(sent(1, 15), { kind: 'delay', index: 2, topicDelayMs: 20 * MINUTE, dueAt: NOW + 20 * MINUTE })
  deepEqual(sent(3, 1), { kind: 'delay', index: 2, topicDelayMs: 20 * MINUTE, dueAt: NOW + 20 * MINUTE })
  deepEqual(sent(1, 60), { kind: 'delay', index: 3, topicDelayMs: 40 * MINUTE, dueAt: NOW + 60 * MINUTE })
})

test('a record that comes out of its topic before its own due time goes round again, and keeps that time', () => {
  const dueAt = NOW + 100 * MINUTE

  deepEqual(detour(inTopics, { waitMs: dueAt - NOW, now: NOW }), { index: 3, topicDelayMs: 40 * MINUTE, dueAt })
  const rest = detour(inTopics, { waitMs: 9 * MINUTE, now: NOW })
  deepEqual(rest, { index: 1, topicDelayMs: 10 * MINUTE, dueAt: NOW + 10 * MINUTE })
})

test('delays in place grow up to the longest, and jitter only makes them longer', () => {
  const policy = inPlace({ delays: { first: '100ms', factor: 2, max: '1s' }, jitter: 0.5, attempts: Infinity })

  deepEqual([1, 2, 3, 4, 5, 5_000].map(attempt => decide(policy, failure({ attempt }))), [100, 200, 400, 800, 1_000, 1_000].map(afterMs => ({ kind: 'again', afterMs })))
  deepEqual(decide(policy, failure({ attempt: 3, random: 0.5 })), { kind: 'again', afterMs: 500 })
  deepEqual(decide(policy, failure({ error: busy(1_234) })), { kind: 'again', afterMs: 1_234 })
})

test('a record that would be tried again when it is too old is dead-lettered at once', () => {
  for (const policy of [ordered({ delays: ['10s'], maxAge: '1m' }), inPlace({ delays: ['10s'], maxAge: '1m' }), delayTopics({ delays: ['10s'], maxAge: '1m' })]) {
    const at = (age: number): Decision => decide(policy, failure({ firstFailedAt: NOW - age }))

    ok(['park', 'again', 'delay'].includes(at(50_000).kind))
    deepEqual(at(50_001), { kind: 'dead-letter', class: 'retryable', reason: 'too-old' })
    ok(['park', 'again', 'delay'].includes(at(-999_999_999).kind), 'a first failure in the future is one of now')
    deepEqual(decide(policy, failure({ error: busy(50_001), firstFailedAt: NOW - 10_000 })), { kind: 'dead-letter', class: 'retryable', reason: 'too-old' })
  }
})

test('poison goes to the dead letters and a fatal error stops, at the first attempt and at the last', () => {
  for (const policy of [inTopics, ordered({ delays: ['1s'] }), inPlace({ delays: ['1s'] })]) {
    for (const attempt of [1, 99]) {
      deepEqual(decide(policy, failure({ attempt, error: new TypeError('x') })), { kind: 'dead-letter', class: 'poison', reason: 'poison' })
      deepEqual(decide(policy, failure({ attempt, error: new FatalError('x') })), { kind: 'fatal' })
    }
  }
})

test('the author of the topology says which errors are worth another attempt', () => {
  const policy = ordered({ delays: ['1s'], classify: error => error instanceof Error && error.message === '404' ? 'poison' : undefined })

  equal(decide(policy, failure({ error: new Error('404') })).kind, 'dead-letter')
  equal(decide(policy, failure({ error: new Error('503') })).kind, 'park')
})

test('a count of attempts that is none is refused', () => {
  for (const attempt of [0, -1, 1.5, NaN]) throws(() => decide(inTopics, failure({ attempt })), RangeError)
})

test('whatever the policy and whatever is asked for, nothing is tried early, and never more often than allowed', () => {
  fc.assert(fc.property(policies(), fc.record({ random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), now: fc.double({ min: 0, max: 2 ** 41, noNaN: true }), asked: fc.option(fc.integer({ min: 0, max: 10 ** 7 })) }), ({ policy, delaysMs }, { random, now, asked }) => {
    const error = asked === null ? new Error('503') : busy(asked)
    for (let attempt = 1; attempt <= delaysMs.length; attempt++) {
      const decision = decide(policy, failure({ error, attempt, random, now, firstFailedAt: now }))

      const least = Math.max(delaysMs[attempt - 1] ?? Infinity, asked ?? 0)
      const dueAt = decision.kind === 'again' ? now + decision.afterMs : decision.kind === 'park' || decision.kind === 'delay' ? decision.dueAt : NaN
      ok(dueAt >= now + least)
      if (asked === null && policy.kind !== 'delay-topics') ok(dueAt <= now + least * (1 + policy.jitter) + 2)
      if (decision.kind === 'delay') ok(dueAt >= now + decision.topicDelayMs && policy.kind === 'delay-topics' && policy.delays[decision.index]?.ms === decision.topicDelayMs)
    }
    equal(decide(policy, failure({ error, attempt: delaysMs.length + 1, random, now, firstFailedAt: now })).kind, 'dead-letter')
  }))
})

function policies (): fc.Arbitrary<{ readonly policy: RetryPolicy, readonly delaysMs: readonly number[] }> {
  const delays = fc.array(fc.integer({ min: 1, max: 10 ** 6 }), { minLength: 1, maxLength: 6 }).map(list => list.toSorted((a, b) => a - b))
  const jitter = fc.double({ min: 0, max: 1, noNaN: true })
  return fc.tuple(delays, jitter, fc.constantFrom('in-place', 'ordered', 'delay-topics')).map(([delays, jitter, kind]) => ({
    delaysMs: delays,
    policy: kind === 'in-place' ? inPlace({ delays, jitter }) : kind === 'ordered' ? ordered({ delays, jitter }) : delayTopics({ delays })
  }))
}
