import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis'
import { FatalError } from '../streams/index.ts'
import type { RedisClient } from '../streams/runtime.ts'
import { addressOf } from './addresses.ts'
import type { Config } from './config.ts'
import { serversIn, type SecuritySettings } from './security-settings.ts'

/** One server, or servers of one cluster from which the others are learned. */
export interface RedisAddress {
  /** Separated by commas where there are several. */
  readonly url: string
  readonly cluster: boolean
  readonly security: Pick<SecuritySettings, 'REDIS_SSL_CA_LOCATION'>
}

export function redisAddressOf (config: Config): RedisAddress {
  return { url: config.REDIS_URL, cluster: config.REDIS_CLUSTER, security: config }
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
    both: { connectTimeout, commandTimeout: connectTimeout, maxRetriesPerRequest: 0 }
  })
}

/** Where it is, without user and password: messages end up in logs. */
export function placeOf ({ url }: RedisAddress): string {
  return serversIn(url).map(server => addressOf(server, 'REDIS_URL')).join(', ')
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
    ? new SettledCluster(servers, { ...cluster, dnsLookup: (name, found) => found(null, name), redisOptions: { ...both, ...credentialsIn(first), ...tlsOf(address) } })
    : new Redis(first, { ...server, ...both, ...tlsOf(address) })
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
function credentialsIn (url: string): Pick<RedisOptions, 'username' | 'password'> {
  if (!URL.canParse(url)) return {}
  const { username, password } = new URL(url)
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) })
  }
}

/** How connections are encrypted, where the URL begins with `rediss://`. */
function tlsOf ({ url, cluster, security: { REDIS_SSL_CA_LOCATION: ca } }: RedisAddress): Pick<RedisOptions, 'tls'> {
  if (!url.startsWith('rediss://')) return {}
  return { tls: { ...(ca === undefined ? {} : { ca: readFileSync(ca) }), ...(cluster ? {} : serverNameIn(url)) } }
}

/** A server behind several names shows the certificate of the one it is asked by; an address is no name. */
function serverNameIn (url: string): { readonly servername?: string } {
  const { hostname } = new URL(url)
  return isIP(hostname) === 0 && !hostname.startsWith('[') ? { servername: hostname } : {}
}
