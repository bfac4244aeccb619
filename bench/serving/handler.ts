import Fastify from 'fastify'
import { Redis } from 'ioredis'

/*
 * /reco as one would write it by hand for this one purpose: the same keys in Redis, three pipelines, the formula inline. It does without
 * limits, checks, metrics, a cache, and what to do while Redis is away.
 */

const { PORT, REDIS_URL = '', APPLICATION_ID = '' } = process.env
const redis = new Redis(REDIS_URL)
const shard = `{${APPLICATION_ID}:0}:`
const prefix = `${shard}${await redis.hget(`${shard}fence`, 'build')}:`
const app = Fastify()

interface Query {
  readonly user_id: string
  readonly k?: string
}

interface Candidate {
  readonly item: string
  score: number
  readonly incoming: number
  readonly popularity: number
}

app.get<{ Querystring: Query }>('/reco', async ({ query }) => {
  const k = Number(query.k ?? 20)
  const [entries = [], popular = []] = await ask(redis.pipeline().lrange(`${prefix}user_history:${query.user_id}`, 0, -1).zrange(`${prefix}item_popularity`, '0', String(k + 19), 'WITHSCORES'))
  const seen = new Set(entries.map(entry => String(JSON.parse(entry.slice(entry.indexOf(':') + 1)).item_id)))
  const history = [...seen]

  const lookup = redis.pipeline()
  for (const item of history) lookup.zrange(`${prefix}co_visitation:${item}`, '0', '99', 'WITHSCORES')
  const related = history.length === 0 ? [] : await ask(lookup)

  const members = [...new Set(related.flatMap(each => each.filter((_, index) => index % 2 === 0)))]
  const candidates = new Map<string, Candidate>()
  if (members.length > 0) {
    const [outgoing = [], incoming = [], popularity = []] = await ask(redis.pipeline()
      .zmscore(`${prefix}co_visitation_out`, ...history).zmscore(`${prefix}co_visitation_in`, ...members).zmscore(`${prefix}item_popularity`, ...members))
    members.forEach((item, index) => candidates.set(item, { item, score: 0, incoming: -Number(incoming[index] ?? 0), popularity: -Number(popularity[index] ?? 0) }))
    related.forEach((each, depth) => {
      const from = Math.pow(-Number(outgoing[depth] ?? 0) + 5, 0.75)
      for (let index = 0; index < each.length; index += 2) {
        const candidate = candidates.get(each[index] ?? '')
        if (candidate !== undefined) candidate.score += -Number(each[index + 1]) / (from * Math.pow(candidate.incoming + 5, 0.25)) / (depth + 1)
      }
    })
  }
  for (const item of seen) candidates.delete(item)
  for (let index = 0; index < popular.length && candidates.size < k; index += 2) {
    const item = popular[index] ?? ''
    if (!seen.has(item) && !candidates.has(item)) candidates.set(item, { item, score: 0, incoming: 0, popularity: -Number(popular[index + 1]) })
  }

  const most = Math.max(0, ...[...candidates.values()].map(({ score }) => score))
  const logMost = Math.log(1 - Number(popular[1] ?? 0))
  for (const candidate of candidates.values()) {
    candidate.score = (most > 0 ? candidate.score / most : 0) + (logMost > 0 ? 0.02 * Math.log(1 + candidate.popularity) / logMost : 0)
  }
  const items = [...candidates.values()]
    .sort((a, b) => b.score - a.score || b.popularity - a.popularity || (a.item < b.item ? -1 : 1))
    .slice(0, k).map(({ item }) => item)
  return { request_id: crypto.randomUUID().replaceAll('-', ''), items, model_version: 'rules-v2', strategy: 'co_vis_normalised' }
})

async function ask (pipeline: ReturnType<typeof redis.pipeline>): Promise<string[][]> {
  const answers = await pipeline.exec() ?? []
  return answers.map(([error, answer]) => {
    if (error !== null) throw error
    return Array.isArray(answer) ? answer : []
  })
}

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
