import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { defineDependency, type BreakerOptions } from '../../../streams/resilience/dependency.ts'

test('a dependency is frozen data, and what is left out of its breaker has a default', () => {
  const { name, breaker } = defineDependency({ name: 'file-server' })
  const { isFailure, ...numbers } = breaker

  equal(name, 'file-server')
  deepEqual(numbers, { failureRate: 0.5, windowMs: 10_000, minimumCalls: 10, cooldownMs: 5_000, probes: 1 })
  deepEqual([isFailure(new DOMException('x', 'TimeoutError')), isFailure(new Error('503')), isFailure(new TypeError('x'))], [true, true, false])
  ok(Object.isFrozen(breaker))
})

test('a dependency that cannot work is refused where it is written', () => {
  const refused: ReadonlyArray<readonly [BreakerOptions, string]> = [
    [{ failureRate: 0 }, 'failureRate is 0'], [{ failureRate: 50 }, 'failureRate is 50'], [{ failureRate: NaN }, 'failureRate is NaN'],
    [{ window: '10' }, "window is '10'"], [{ cooldown: 0 }, 'cooldown is 0'], [{ minimumCalls: 0 }, 'minimumCalls is 0'],
    [{ probes: 1.5 }, 'probes is 1.5'], [{ isFailure: JSON.parse('true') }, 'isFailure is no function']
  ]

  for (const [breaker, message] of refused) throws(() => defineDependency({ name: 'blobs', breaker }), ({ name, message: said }) => name === 'TypeError' && said.startsWith(`Dependency 'blobs': ${message}`))
  for (const name of ['', 'file server', 'x'.repeat(64)]) throws(() => defineDependency({ name }), { name: 'TypeError', message: /a name has 1 to 63/ })
})
