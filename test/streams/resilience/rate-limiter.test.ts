import fc from 'fast-check'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { rateLimit, type RateLimit } from '../../../streams/resilience/rate-limit.ts'
import { RateLimiter } from '../../../streams/resilience/rate-limiter.ts'

const NOW = 1_700_000_000_000

test('a burst goes at once, and then one each time the bucket has filled up by one', () => {
  const limiter = new RateLimiter(rateLimit({ permits: 10, per: '1s', burst: 3 }))

  deepEqual([1, 2, 3, 4, 5].map(() => limiter.take(NOW)), [true, true, true, { at: NOW + 100 }, { at: NOW + 100 }])
  deepEqual([NOW + 99, NOW + 100, NOW + 100].map(now => limiter.take(now)), [{ at: NOW + 100 }, true, { at: NOW + 200 }])
})

test('a bucket holds no more than a burst, however long nobody asks', () => {
  const limiter = new RateLimiter(rateLimit({ permits: 10, per: '1s', burst: 2 }))
  limiter.take(NOW)

  deepEqual([1, 2, 3].map(() => limiter.take(NOW + 3_600_000)), [true, true, { at: NOW + 3_600_100 }])
})

test('each key has a bucket of its own where the limit is per key, and all share one where it is not', () => {
  const perKey = new RateLimiter(rateLimit({ permits: 1, per: '1s', perKey: true }))
  const shared = new RateLimiter(rateLimit({ permits: 1, per: '1s' }))

  deepEqual(['a', 'b', 'a'].map(key => perKey.take(NOW, key)), [true, true, { at: NOW + 1_000 }])
  deepEqual(['a', 'b'].map(key => shared.take(NOW, key)), [true, { at: NOW + 1_000 }])
  throws(() => perKey.take(NOW), { name: 'TypeError', message: /without a key/ })
})

test('buckets that are full again are forgotten, a hundred thousand of them at the next call', () => {
  const limiter = new RateLimiter(rateLimit({ permits: 2, per: '1s', perKey: true }))
  for (let key = 0; key < 100_000; key++) limiter.take(NOW, `${key}`)
  equal(limiter.size, 100_000)

  limiter.take(NOW + 500, 'next')

  equal(limiter.size, 1)
})

test('a key that is asked for all the time does not keep others from being forgotten', () => {
  const limiter = new RateLimiter(rateLimit({ permits: 10, per: '1s', perKey: true }))
  let most = 0
  for (let ms = 0; ms < 60_000; ms += 10) {
    limiter.take(NOW + ms, 'always')
    limiter.take(NOW + ms, `once ${ms}`)
    most = Math.max(most, limiter.size)
  }

  // In the second that an empty bucket takes to fill 100 keys were used, and one of them always.
  ok(most <= 102, `${most} buckets`)
})

test('in no stretch of time do more go than a burst and what it fills up, and who comes when he was told to gets one', () => {
  fc.assert(fc.property(limits(), visits(), (limit, visits) => {
    const limiter = new RateLimiter(limit)
    const taken: number[] = []
    let now = NOW
    for (const after of visits) {
      now += after
      const answer = limiter.take(now)
      if (answer !== true) {
        ok(answer.at > now)
        equal(Number.isInteger(answer.at), true)
        ok(answer.at - now <= Math.ceil(limit.perMs / limit.permits), 'no longer than one takes')
        if (after % 2 === 0) continue
        now = answer.at
        equal(limiter.take(now), true)
      }
      taken.push(now)
    }

    for (const [first, from] of taken.entries()) {
      for (const [count, to] of taken.slice(first).entries()) ok(count + 1 <= limit.burst + (to - from) * limit.permits / limit.perMs + 1e-6)
    }
  }))
})

test('who keeps asking gets each permit in the first millisecond in which it is there, however the fractions add up', () => {
  fc.assert(fc.property(limits(), ({ permits, perMs, ...limit }) => {
    // So many that the bucket is never full meanwhile: what a full one cannot take is lost.
    const burst = Math.max(limit.burst, Math.ceil(permits / perMs) + 1)
    const limiter = new RateLimiter({ ...limit, permits, perMs, burst })
    let now = NOW
    for (let taken = 0; taken < burst + 100;) {
      const answer = limiter.take(now)
      if (answer === true) {
        taken++
        continue
      }
      now = answer.at

      equal(now, NOW + Math.ceil((taken + 1 - burst) * perMs / permits))
    }
  }))
})

test('what a key gets is what it would get alone', () => {
  fc.assert(fc.property(limits(), fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 80, size: 'max' }), (limit, visits) => {
    const together = new RateLimiter({ ...limit, perKey: true })
    const alone = new Map(['a', 'b', 'c', 'd'].map(key => [key, new RateLimiter(limit)]))
    let now = NOW
    for (const [after, key] of visits) {
      now += after

      deepEqual(together.take(now, key), alone.get(key)?.take(now))
    }
  }))
})

function limits (): fc.Arbitrary<RateLimit> {
  return fc.record({ permits: fc.integer({ min: 1, max: 5_000 }), per: fc.integer({ min: 1, max: 5_000 }), burst: fc.integer({ min: 1, max: 20 }) }).map(rateLimit)
}

function visits (): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5_000 })), { maxLength: 60, size: 'max' })
}
