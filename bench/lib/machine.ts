import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { Client } from 'pg'
import { Redis } from 'ioredis'
import type { Services } from '../../test/helpers/services.ts'
import { round } from './statistics.ts'

export interface Machine {
  readonly at: string
  readonly commit: string
  readonly cores: number
  readonly cpu: string
  readonly memoryGigabytes: number
  /** Over one, five and fifteen minutes, before the benchmark. Everything above zero is somebody else's. */
  readonly loadBefore: readonly number[]
  readonly node: string
  /** Both left out where no services were used. */
  readonly postgres?: string
  readonly redis?: string
}

export async function describeMachine (services?: Services): Promise<Machine> {
  return {
    at: new Date().toISOString(),
    commit: commit(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: round(totalmem() / 2 ** 30),
    loadBefore: loadavg().map(each => round(each, 2)),
    node: process.versions.node,
    ...(services === undefined ? {} : { postgres: await postgresVersion(services.postgres), redis: await redisVersion(services.redis) })
  }
}

function commit (): string {
  try {
    const git = (...words: string[]): string => execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' and changes' : '')
  } catch {
    return 'unknown'
  }
}

async function postgresVersion (address: string): Promise<string> {
  const client = new Client({ connectionString: address })
  await client.connect()
  try {
    const { rows: [row] } = await client.query<{ server_version: string, fsync: string, commits: string, buffers: string }>(
      "select current_setting('server_version') as server_version, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commits, current_setting('shared_buffers') as buffers")
    return `${row?.server_version.split(' ')[0]} (fsync ${row?.fsync}, synchronous_commit ${row?.commits}, shared_buffers ${row?.buffers})`
  } finally {
    await client.end()
  }
}

async function redisVersion (address: string): Promise<string> {
  const redis = new Redis(address)
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown'
  } finally {
    redis.disconnect()
  }
}
