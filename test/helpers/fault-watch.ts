import type { TestContext } from 'node:test'
import { Client } from 'pg'
import { Redis } from 'ioredis'
import type { ApiProcess } from './api-process.ts'
import type { Services } from './services.ts'

/** What was seen while something was broken. */
export interface Seen {
  readonly answers: number
  readonly degraded: number
  /** Answers that were no answers, in words. */
  readonly failures: readonly string[]
  readonly slowestMs: number
  /** Counts that Redis had and Postgres had not, in words. */
  readonly ahead: readonly string[]
  /** How often both were compared. */
  readonly compared: number
}

export interface Watch {
  /** Ends it, and tells. */
  readonly stop: () => Promise<Seen>
}

export interface WatchOptions {
  readonly api: ApiProcess
  readonly services: Services
  readonly applicationId: string
}

/** Asks /reco again and again, and compares counts in Redis with those in Postgres, until it is stopped. */
export function watch (t: Pick<TestContext, 'after'>, { api, services, applicationId }: WatchOptions): Watch {
  const stopped = new AbortController()
  let answers = 0
  let degraded = 0
  let slowestMs = 0
  let compared = 0
  const failures: string[] = []
  const ahead: string[] = []

  async function poll (): Promise<void> {
    for (let number = 0; !stopped.signal.aborted; number++) {
      const begun = performance.now()
      try {
        const { status, body } = await api.get(`/reco?user_id=user-${number % 50}&session_id=s&k=20`)
        if (status !== 200 || !Array.isArray(body.items)) failures.push(`${status} ${JSON.stringify(body)}`)
        if (body.degraded === true) degraded++
      } catch (error) {
        failures.push(String(error))
      }
      answers++
      slowestMs = Math.max(slowestMs, performance.now() - begun)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  async function compare (): Promise<void> {
    const client = new Client({ connectionString: services.postgres })
    const redis = new Redis(services.redis, { enableOfflineQueue: false, commandTimeout: 2_000, retryStrategy: () => 100 })
    redis.on('error', () => {})
    await client.connect()
    try {
      while (!stopped.signal.aborted) {
        // Redis first: Postgres can only have moved on meanwhile. A Redis that is away is not compared.
        const counts = await countsIn(redis, applicationId).catch(() => undefined)
        if (counts !== undefined && counts.size > 0) {
          const { rows } = await client.query<{ item_id: string, score: string }>(`select item_id, score from "${applicationId}".item_popularity where item_id = any($1)`, [[...counts.keys()]])
          const stored = new Map<string, number>(rows.map(({ item_id: item, score }) => [item, Number(score)]))
          for (const [item, count] of counts) if (count > (stored.get(item) ?? 0)) ahead.push(`${item}: ${count} in Redis, then ${stored.get(item)} in Postgres`)
          compared++
        }
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    } finally {
      redis.disconnect()
      await client.end()
    }
  }

  const running = Promise.all([poll(), compare()])
  t.after(async () => {
    stopped.abort()
    await running
  })
  return {
    async stop () {
      stopped.abort()
      await running
      return { answers, degraded, failures, slowestMs, ahead, compared }
    }
  }
}

/** Of the build that the fence names, whatever its state. */
async function countsIn (redis: Redis, applicationId: string): Promise<Map<string, number>> {
  const prefix = `{${applicationId}:0}:`
  const build = await redis.hget(`${prefix}fence`, 'build')
  if (build === null) return new Map()
  const pairs = await redis.zrange(`${prefix}${build}:item_popularity`, '0', '99', 'WITHSCORES')
  return new Map(Array.from({ length: pairs.length / 2 }, (_, index) => [pairs[2 * index] ?? '', -Number(pairs[2 * index + 1])]))
}
