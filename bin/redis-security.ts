import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Redis, type RedisOptions } from 'ioredis'
import { FatalError } from '../streams/index.ts'
import { redisRefusal } from './refusals.ts'
import type { SecuritySettings } from './security-settings.ts'

export interface RedisAddress {
  readonly url: string
  readonly security: Pick<SecuritySettings, 'REDIS_SSL_CA_LOCATION'>
}

/** For every connection to this Redis: how it is encrypted, where the URL begins with `rediss://`. */
export function redisTls ({ url, security: { REDIS_SSL_CA_LOCATION: ca } }: RedisAddress): Pick<RedisOptions, 'tls'> {
  if (!url.startsWith('rediss://')) return {}
  const { hostname } = new URL(url)
  return { tls: { ...(ca === undefined ? {} : { ca: readFileSync(ca) }), ...(isIP(hostname) === 0 && !hostname.startsWith('[') ? { servername: hostname } : {}) } }
}

/** One try. Throws where this Redis lets us in never, as long as the configuration is what it is; the reason of one that is away is given back. */
export async function connectOnce (address: RedisAddress): Promise<{ readonly redis: Redis } | { readonly redis: undefined, readonly reason: unknown }> {
  const redis = new Redis(address.url, { lazyConnect: true, connectTimeout: 5_000, retryStrategy: () => null, maxRetriesPerRequest: 0, ...redisTls(address) })
  // The reason of a failed connection comes here, and only "closed" to who waits.
  const reasons: unknown[] = []
  redis.on('error', error => { reasons.push(error) })
  try {
    await redis.connect()
    await redis.ping()
    return { redis }
  } catch (error) {
    redis.disconnect()
    reasons.push(error)
  }
  for (const reason of reasons) {
    const refusal = redisRefusal(reason, address.url)
    // Without the cause: the client's error holds the command that was refused, and that one the password.
    if (refusal !== undefined) throw new FatalError(refusal)
  }
  return { redis: undefined, reason: reasons[0] }
}

/** Throws where this Redis lets us in never; one that is away is waited for elsewhere. */
export async function checkRedis (address: RedisAddress): Promise<void> {
  const { redis } = await connectOnce(address)
  redis?.disconnect()
}
