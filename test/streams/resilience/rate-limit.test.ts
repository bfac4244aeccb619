import { deepEqual, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { rateLimit } from '../../../streams/resilience/rate-limit.ts'

test('a rate limit is frozen data', () => {
  const limit = rateLimit({ permits: 100, per: '1s' })

  deepEqual(limit, { permits: 100, perMs: 1_000, burst: 100, perKey: false })
  deepEqual(rateLimit({ permits: 5, per: '1m', burst: 1, perKey: true }), { permits: 5, perMs: 60_000, burst: 1, perKey: true })
  ok(Object.isFrozen(limit))
})

test('a rate limit that cannot work is refused where it is written', () => {
  throws(() => rateLimit({ permits: 0, per: '1s' }), { name: 'TypeError', message: /^rateLimit: permits is 0/ })
  throws(() => rateLimit({ permits: 1.5, per: '1s' }), { name: 'TypeError', message: /^rateLimit: permits is 1.5/ })
  throws(() => rateLimit({ permits: 1, per: 'second' }), { name: 'TypeError', message: /^rateLimit: per is 'second'/ })
  throws(() => rateLimit({ permits: 1, per: '1s', burst: 0 }), { name: 'TypeError', message: /^rateLimit: burst is 0/ })
})
