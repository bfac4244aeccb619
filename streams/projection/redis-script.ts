import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'

/** One server, or a cluster: there a command finds its server by its key. */
export type RedisClient = Redis | Cluster

/** A script with the digest that Redis knows it by. */
export interface Script {
  readonly text: string
  readonly sha: string
  readonly readOnly: boolean
}

export function script (text: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex'), readOnly }
}

/** Runs a script by its digest; a Redis that has forgotten it, after a restart or a flush, is given the text. */
export async function runScript (redis: RedisClient, { text, sha, readOnly }: Script, keys: readonly string[], ...args: string[]): Promise<unknown> {
  const suffix = readOnly ? '_RO' : ''
  try {
    return await redis.call(`EVALSHA${suffix}`, sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return await redis.call(`EVAL${suffix}`, text, keys.length, ...keys, ...args)
  }
}

/** A key holds another kind of value than the command is for. */
export function isWrongType (error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE')
}
