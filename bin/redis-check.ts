import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { FatalError } from '../streams/index.ts'
import type { RedisClient } from '../streams/runtime.ts'
import { openRedisOnce, placeOf, type RedisAddress } from './redis.ts'
import { redisRefusal } from './refusals.ts'

const WITHIN_MS = 5_000

/** One try. Throws where this Redis lets us in never, as long as the configuration is what it is; the reason of one that is away is given back. */
export async function connectOnce (address: RedisAddress, withinMs = WITHIN_MS): Promise<{ readonly redis: RedisClient } | { readonly redis: undefined, readonly reason: unknown }> {
  const redis = openRedisOnce(address, withinMs)
  // The reason of a failed connection comes here, and only "closed" to who waits.
  const reasons: unknown[] = []
  redis.on('error', error => { reasons.push(error) })
  if (redis instanceof Cluster) redis.on('node error', error => { reasons.push(error) })
  const timer = new AbortController()
  try {
    // The client's own timeout ends with the connection, and one to a cluster that is down is never settled.
    await Promise.race([redis.connect().then(async () => await redis.ping()), expire(withinMs, timer.signal)])
    return { redis }
  } catch (error) {
    redis.disconnect()
    reasons.push(error)
  } finally {
    timer.abort()
  }
  for (const reason of reasons) {
    const refusal = redisRefusal(reason, placeOf(address))
    // Without the cause: the client's error holds the command that was refused, and that one the password.
    if (refusal !== undefined) throw new FatalError(refusal)
  }
  return { redis: undefined, reason: reasons[0] }
}

async function expire (withinMs: number, signal: AbortSignal): Promise<never> {
  await sleep(withinMs, undefined, { signal })
  throw new Error(`no answer within ${withinMs} ms`)
}

/** Throws where this Redis lets us in never; one that is away is waited for elsewhere. */
export async function checkRedis (address: RedisAddress): Promise<void> {
  const { redis } = await connectOnce(address)
  redis?.disconnect()
}
