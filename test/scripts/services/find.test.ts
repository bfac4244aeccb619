import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentOf, servicesIn } from '../../../scripts/services/find.ts'

test('an environment without addresses decides nothing', () => {
  assert.equal(servicesIn({ PATH: 'somewhere', KAFKA_BOOTSTRAP: '' }), undefined)
})

test('one address given: the others are missing, with the reason', () => {
  const found = servicesIn({ REDIS_URL: 'redis://a:1' })

  assert.deepEqual(found?.addresses, { redis: 'redis://a:1' })
  assert.deepEqual(found?.missing.map(({ name }) => name), ['kafka', 'postgres'])
  assert.match(found?.missing[0]?.problem ?? '', /KAFKA_BOOTSTRAP is not set/)
})

test('what a test run found, its files read again', () => {
  const found = { addresses: { redis: 'redis://a:1', postgres: 'postgres://b/c' }, missing: [{ name: 'kafka' as const, problem: 'no Java' }] }

  assert.deepEqual(servicesIn(environmentOf(found)), found)
})
