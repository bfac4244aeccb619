import { setTimeout as sleep } from 'node:timers/promises'
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

const LOOK_MS = 500
const REST_MS = 120_000
/** Of a core; more than a server takes that has nothing to do. */
const AT_REST = 0.1

/** One without limits goes on for a while with requests whose clients have given up. */
export async function untilAtRest (servers: readonly Server[]): Promise<void> {
  const seconds = async (): Promise<number> => (await Promise.all(servers.map(async ({ process: { pid } }) => await cpuSecondsOf(pid) ?? 0))).reduce((sum, each) => sum + each, 0)
  for (const deadline = performance.now() + REST_MS; performance.now() < deadline;) {
    const before = await seconds()
    await sleep(LOOK_MS)
    if (await seconds() - before < AT_REST * servers.length * LOOK_MS / 1000) return
  }
  throw new Error(`${servers.map(({ name }) => name).join(', ')}: still busy ${REST_MS / 1000} s after the load.`)
}

async function redisSeconds (redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  return ['used_cpu_sys', 'used_cpu_user'].reduce((sum, name) => sum + Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 0), 0)
}
