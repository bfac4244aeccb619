import { keysMatching, type KeySpace } from '../projection/key-space.ts'
import { FENCE } from '../projection/layout.ts'

/** What of an ioredis client it takes to delete keys. */
export type DeletableKeySpace = KeySpace & { readonly unlink: (keys: string[]) => Promise<number> }

/**
 * Deletes every key of an application id, and says how many there were. Fences first: without one nobody reads a shard or
 * writes to it, so a worker that still runs puts nothing back.
 */
export async function deleteKeys (redis: DeletableKeySpace, applicationId: string): Promise<number> {
  // An id has no character that means anything in a pattern.
  const fences = await unlinkMatching(redis, `{${applicationId}:*}:${FENCE}`)
  return fences + await unlinkMatching(redis, `{${applicationId}:*}:*`)
}

async function unlinkMatching (redis: DeletableKeySpace, match: string): Promise<number> {
  let count = 0
  for await (const [, keys] of keysMatching(redis, match)) count += await redis.unlink(keys)
  return count
}
