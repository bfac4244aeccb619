import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis'
import { FatalError } from '../streams/index.ts'
import type { RedisClient } from '../streams/runtime.ts'

/** One server, or servers of one cluster from which the others are learned. */
export interface RedisAddress {
  /** Separated by commas where there are several. */
  readonly url: string
  readonly cluster: boolean
}

/** A connection that comes back by itself. Commands fail at once while it is away: who asks decides what to do meanwhile. */
export function openRedis (address: RedisAddress): RedisClient {
  const retryStrategy = (attempt: number): number => Math.min(500, attempt * 50)
  return connectTo(address, {
    server: { retryStrategy, enableOfflineQueue: false },
    cluster: { clusterRetryStrategy: retryStrategy, enableOfflineQueue: false, maxRedirections: 5 },
    both: { maxRetriesPerRequest: 1, commandTimeout: 5_000 }
  })
}

/** For one piece of work: connects when told to, and gives up at the first failure. */
export function openRedisOnce (address: RedisAddress, connectTimeout: number): RedisClient {
  return connectTo(address, {
    server: { lazyConnect: true, retryStrategy: () => null },
    cluster: { lazyConnect: true, clusterRetryStrategy: () => null },
    both: { connectTimeout, maxRetriesPerRequest: 0 }
  })
}

/** Where it is, without user and password: messages end up in logs. */
export function placeOf ({ url }: RedisAddress): string {
  return serversIn(url).map(server => URL.canParse(server) ? new URL(server).host : server).join(', ')
}

interface Options {
  readonly server: Pick<RedisOptions, 'retryStrategy' | 'enableOfflineQueue' | 'lazyConnect'>
  readonly cluster: Pick<ClusterOptions, 'clusterRetryStrategy' | 'enableOfflineQueue' | 'lazyConnect' | 'maxRedirections'>
  readonly both: Pick<RedisOptions, 'maxRetriesPerRequest' | 'commandTimeout' | 'connectTimeout'>
}

function connectTo (address: RedisAddress, { server, cluster, both }: Options): RedisClient {
  const servers = serversIn(address.url)
  const [first = ''] = servers
  if (!address.cluster && servers.length > 1) {
    throw new FatalError(`REDIS_URL names ${servers.length} servers (${placeOf(address)}); set REDIS_CLUSTER=true where they are one cluster, else name one.`)
  }
  const redis: RedisClient = address.cluster
    // Names stay names: a certificate is made out to them.
    ? new SettledCluster(servers, { ...cluster, dnsLookup: (name, found) => found(null, name), redisOptions: { ...both, ...credentialsIn(first) } })
    : new Redis(first, { ...server, ...both })
  // Its absence is seen by whoever asks; without a listener every attempt would be printed.
  redis.on('error', () => {})
  return redis
}

/**
 * Asks nobody for a slot that is still on its way. Our scripts name the fence and find the other keys by it; at the place
 * where the slot goes to, a key that has not come yet looks as if it did not exist.
 */
class SettledCluster extends Cluster {
  override handleError (...[error, redirections, handlers]: Parameters<Cluster['handleError']>): void {
    if (error.message.startsWith('ASK ')) handlers.defaults()
    else super.handleError(error, redirections, handlers)
  }
}

/** The servers that a cluster names itself are entered as its first one is. */
function credentialsIn (url: string): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  if (!URL.canParse(url)) return {}
  const { protocol, username, password } = new URL(url)
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {})
  }
}

function serversIn (urls: string): string[] {
  return urls.split(',').map(url => url.trim())
}
