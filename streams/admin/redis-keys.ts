import { FENCE } from '../projection/layout.ts'

/** What of an ioredis connection it takes to delete keys. */
export interface KeySpace {
  readonly scanStream: (options: { match: string, count: number }) => AsyncIterable<unknown>
  readonly unlink: (keys: string[]) => Promise<number>
}

/**
 * Deletes every key of an application id, and says how many there were. Fences first: without one nobody reads a shard or
 * writes to it, so a worker that still runs puts nothing back.
 */
export async function deleteKeys (redis: KeySpace, applicationId: string): Promise<number> {
  // An id has no character that means anything in a pattern.
  const fences = await unlinkMatching(redis, `{${applicationId}:*}:${FENCE}`)
  return fences + await unlinkMatching(redis, `{${applicationId}:*}:*`)
}

async function unlinkMatching (redis: KeySpace, match: string): Promise<number> {
  let count = 0
  for await (const keys of redis.scanStream({ match, count: 1000 })) {
    if (Array.isArray(keys) && keys.length > 0) count += await redis.unlink(keys.map(String))
  }
  return count
}
