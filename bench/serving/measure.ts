import { Redis } from 'ioredis'
import type { Services } from '../../test/helpers/services.ts'
import { cpuSecondsOf } from '../lib/cpu.ts'
import type { LoadResult } from '../load/result.ts'
import type { Server } from './servers.ts'

export interface Measured {
  readonly server: string
  readonly load: LoadResult
  readonly cpuMicros: number | null
  /** Of the whole server, with what the projection of the events takes. */
  readonly redisCpuMicros: number
}

export interface MeasureOptions {
  readonly services: Services
  readonly server: Server
  readonly ask: (origin: string) => Promise<LoadResult>
}

/** A load, and what each request took of the processor. */
export async function measureServer ({ services, server: { name, origin, process: { pid } }, ask }: MeasureOptions): Promise<Measured> {
  const redis = new Redis(services.redis)
  try {
    const before = [await cpuSecondsOf(pid), await redisSeconds(redis)] as const
    const load = await ask(origin)
    const after = [await cpuSecondsOf(pid), await redisSeconds(redis)] as const
    const perRequest = (seconds: number): number => seconds * 1e6 / load.latencyMs.count
    return { server: name, load, cpuMicros: before[0] === undefined || after[0] === undefined ? null : perRequest(after[0] - before[0]), redisCpuMicros: perRequest(after[1] - before[1]) }
  } finally {
    redis.disconnect()
  }
}

async function redisSeconds (redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  return ['used_cpu_sys', 'used_cpu_user'].reduce((sum, name) => sum + Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 0), 0)
}
