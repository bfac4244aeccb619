import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { delayTopics } from '../../../streams/resilience/delay-topics.ts'
import { classifyError } from '../../../streams/resilience/error-class.ts'
import { inPlace, ordered } from '../../../streams/resilience/retry.ts'

test('a policy is frozen data, and says what was left out', () => {
  const growing = inPlace({ delays: { first: '100ms', factor: 2, max: '30s' }, jitter: 0.2, attempts: Infinity })
  const listed = ordered({ delays: ['1s', 5_000], maxAge: '1h' })
  const topics = delayTopics({ delays: ['5m', 600_000] })

  deepEqual(growing, { kind: 'in-place', backoff: { kind: 'growing', firstMs: 100, factor: 2, maxMs: 30_000 }, jitter: 0.2, attempts: Infinity, maxAgeMs: Infinity, classify: classifyError })
  deepEqual(listed, { kind: 'ordered', backoff: { kind: 'listed', delaysMs: [1_000, 5_000] }, jitter: 0, attempts: 3, maxAgeMs: 3_600_000, classify: classifyError })
  deepEqual(topics, { kind: 'delay-topics', delays: [{ text: '5m', ms: 300_000 }, { text: '10m', ms: 600_000 }], topicName: undefined, attempts: 3, maxAgeMs: Infinity, classify: classifyError })
  for (const frozen of [growing, growing.backoff, listed, listed.backoff, topics, topics.delays, ...topics.delays]) ok(Object.isFrozen(frozen))
})

test('a policy that cannot work is refused where it is written', () => {
  const growing = { first: '1s', factor: 2, max: '1m' }
  const refused: ReadonlyArray<readonly [() => unknown, RegExp]> = [
    [() => inPlace({ delays: [] }), /^inPlace: delays is empty/],
    [() => ordered({ delays: ['1s', 'soon'] }), /^ordered: delays\[1\] is 'soon'/],
    [() => inPlace({ delays: growing }), /^inPlace: neither attempts nor maxAge is given/],
    [() => inPlace({ delays: { ...growing, factor: 0.5 }, attempts: 3 }), /^inPlace: factor is 0.5/],
    [() => inPlace({ delays: { ...growing, factor: Infinity }, attempts: 3 }), /^inPlace: factor is Infinity/],
    [() => inPlace({ delays: { ...growing, max: '500ms' }, attempts: 3 }), /^inPlace: max is 500ms, which is less than first, 1s/],
    [() => inPlace({ delays: { ...growing, first: 0 }, attempts: 3 }), /^inPlace: first is 0/],
    [() => ordered({ delays: ['1s'], jitter: 1.1 }), /^ordered: jitter is 1.1/],
    [() => ordered({ delays: ['1s'], jitter: NaN }), /^ordered: jitter is NaN/],
    [() => ordered({ delays: ['1s'], attempts: 0 }), /^ordered: attempts is 0/],
    [() => ordered({ delays: ['1s'], attempts: 1.5 }), /^ordered: attempts is 1.5/],
    [() => ordered({ delays: ['1s'], maxAge: '1 day' }), /^ordered: maxAge is '1 day'/],
    [() => ordered({ delays: ['1s'], classify: JSON.parse('"poison"') }), /^ordered: classify is no function/],
    [() => delayTopics({ delays: [] }), /^delayTopics: delays is empty/],
    [() => delayTopics({ delays: ['10m', '5m'] }), /^delayTopics: 5m stands behind 10m/],
    [() => delayTopics({ delays: ['5m', '10m'], topicName: () => 'retry' }), /^delayTopics: the topics of 5m and of 10m are both called 'retry'/],
    [() => delayTopics({ delays: ['5m'], topicName: delay => `retry in ${delay}` }), /^Topic 'retry in 5m'/]
  ]

  for (const [define, message] of refused) throws(define, { name: 'TypeError', message })
})

test('equal delays share a topic', () => {
  const { delays, topicName } = delayTopics({ delays: ['5m', '5m', '10m'], topicName: delay => `pending.retry.${delay}` })

  deepEqual(delays.map(({ text }) => topicName?.(text)), ['pending.retry.5m', 'pending.retry.5m', 'pending.retry.10m'])
  equal(delays.length, 3)
})
