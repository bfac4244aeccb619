import type { Change } from '../state/state.ts'
import type { TaskUnit } from '../state/postgres/outbox.ts'
import { keysMatching } from './key-space.ts'
import { FENCE, holdingOf, shardPrefix } from './layout.ts'
import { operationsOf, wholeLists, type Operation } from './operations.ts'
import { isWrongType, runScript, script, type RedisClient } from './redis-script.ts'
import { ADVANCE, APPLY, BEGIN_BUILD, LOOK, SWEEP } from './scripts.ts'

/** What a shard says that it holds: of which schema and over how many shards, which build of it, and every unit of each task up to these. */
export interface Fence {
  readonly generation: string
  readonly shards: number
  readonly build: string
  readonly state: 'building' | 'ready'
  readonly units: ReadonlyMap<string, number>
  /** Whether its server has forgotten keys since the build began, perhaps ours. */
  readonly hasEvicted: boolean
}

/**
 * broken: a key is of another type than we make it, so that somebody else was at our keys · ok: applied, and the fence says so · gap: applied, but a unit before it is missing, so the fence stays · stale: this
 * shard holds no build, or another one, and nothing was done there
 */
export type Applied = 'ok' | 'gap' | 'stale' | 'broken'

export interface RedisProjection {
  readonly apply: (changes: readonly Change[], tasks: readonly TaskUnit[], build?: string) => Promise<Applied>
  /** By shard; undefined where there is none, or something else in its place. */
  readonly fences: () => Promise<readonly (Fence | undefined)[]>
  readonly beginBuild: (build: string, tasks: readonly TaskUnit[]) => Promise<void>
  /** False when a fence is no longer this build's, or its server has evicted keys. */
  readonly advance: (build: string, state: Fence['state'], tasks: readonly TaskUnit[]) => Promise<boolean>
  /** Removes what other builds left. */
  readonly sweep: (build: string) => Promise<void>
}

export interface RedisProjectionOptions {
  readonly redis: RedisClient
  readonly applicationId: string
  readonly generation: string
  readonly shards: number
}

const apply = script(APPLY)
const look = script(LOOK, { readOnly: true })
const beginBuild = script(BEGIN_BUILD)
const advance = script(ADVANCE)
const sweep = script(SWEEP)

const WORST_FIRST: readonly Applied[] = ['broken', 'stale', 'gap']
const BROKEN = { applied: 'broken', lists: [] } as const

export function openRedisProjection ({ redis, applicationId, generation, shards }: RedisProjectionOptions): RedisProjection {
  const prefixes = Array.from({ length: shards }, (_, shard) => shardPrefix(applicationId, shard))
  const holding = holdingOf(generation, shards)
  const fenceOf = (prefix: string): string => prefix + FENCE

  async function applyShard (prefix: string, operations: readonly Operation[], tasks: readonly TaskUnit[], build: string): Promise<{ readonly applied: Exclude<Applied, 'broken'> | 'lists', readonly lists: readonly string[] }> {
    const answer = await runScript(redis, apply, [fenceOf(prefix)], prefix, holding, build, JSON.stringify(operations), JSON.stringify(tasks))
    const [applied, ...lists] = Array.isArray(answer) ? answer.map(String) : []
    if (applied === 'ok' || applied === 'gap' || applied === 'stale' || applied === 'lists') return { applied, lists }
    throw new TypeError(`The apply script answered ${JSON.stringify(answer)}.`)
  }

  return {
    async apply (changes, tasks, build = '') {
      const operations = operationsOf(changes, shards)
      const outcomes = await Promise.all(prefixes.map(async (prefix, shard): Promise<Applied> => {
        const first = await applyShard(prefix, operations[shard] ?? [], tasks, build).catch(ifWrongType(BROKEN))
        if (first.applied !== 'lists') return first.applied
        // Lists that the shard has not, or has too old to add to: now they are sent whole, and with them the word that the units are applied.
        const second = await applyShard(prefix, wholeLists(changes, new Set(first.lists)), tasks, build).catch(ifWrongType(BROKEN))
        return second.applied === 'lists' ? 'gap' : second.applied
      }))
      return WORST_FIRST.find(each => outcomes.includes(each)) ?? 'ok'
    },

    async fences () {
      return await Promise.all(prefixes.map(async prefix => await runScript(redis, look, [fenceOf(prefix)]).then(fenceFrom, ifWrongType(undefined))))
    },

    async beginBuild (build, tasks) {
      await Promise.all(prefixes.map(async prefix => await runScript(redis, beginBuild, [fenceOf(prefix)], holding, build, JSON.stringify(tasks))))
    },

    async advance (build, state, tasks) {
      const answers = await Promise.all(prefixes.map(async prefix => await runScript(redis, advance, [fenceOf(prefix)], holding, build, state, JSON.stringify(tasks))))
      return answers.every(answer => answer === 1)
    },

    async sweep (build) {
      for await (const [hashTag, keys] of keysMatching(redis, `{${applicationId}:*}:*`)) {
        const fence = fenceOf(`${hashTag}:`)
        const old = keys.filter(key => key !== fence && !key.startsWith(`${hashTag}:${build}:`))
        // Where there were more shards before, nobody looks after the others' fences any more.
        if (!prefixes.includes(`${hashTag}:`)) await redis.unlink(keys)
        else if (old.length > 0) await runScript(redis, sweep, [fence, ...old], holding, build)
      }
    }
  }
}

function ifWrongType<T> (answer: T): (error: unknown) => T {
  return error => {
    if (isWrongType(error)) return answer
    throw error
  }
}

function fenceFrom (looked: unknown): Fence | undefined {
  const [evictedNow, fields] = Array.isArray(looked) ? looked : []
  const hash = hashFrom(fields)
  const { holding, build, state, evicted } = hash
  const [generation, shards] = holding?.split('/') ?? []
  if (generation === undefined || build === undefined || (state !== 'building' && state !== 'ready')) return undefined
  const units = Object.entries(hash).flatMap(([field, value]) => field.startsWith('unit:') ? [[field.slice('unit:'.length), Number(value)] as const] : [])
  return { generation, shards: Number(shards), build, state, units: new Map(units), hasEvicted: evicted !== String(evictedNow) }
}

/** A script answers a hash as names and values in turn. */
function hashFrom (fields: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(fields)) return {}
  return Object.fromEntries(Array.from({ length: fields.length / 2 }, (_, index) => [String(fields[2 * index]), String(fields[2 * index + 1])]))
}
