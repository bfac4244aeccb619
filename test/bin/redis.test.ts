import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRedis, placeOf } from '../../bin/redis.ts'

test('several servers that are not said to be one cluster are refused, without their passwords', () => {
  assert.throws(
    () => openRedis({ url: 'redis://:secret@a:7000, redis://:secret@b:7001', cluster: false, security: {} }),
    { name: 'FatalError', message: 'REDIS_URL names 2 servers (a:7000, b:7001); set REDIS_CLUSTER=true where they are one cluster, else name one.' }
  )
})

test('where Redis is, is told without user and password', () => {
  assert.equal(placeOf({ url: 'redis://user:secret@a:7000,rediss://b', cluster: true, security: {} }), 'a:7000, b')
})
