import { deepEqual, equal, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../bin/sample-events.ts'
import { startApi } from '../../helpers/api-process.ts'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import { watch } from '../../helpers/fault-watch.ts'
import { openNetwork, through, type Network } from '../../helpers/network.ts'
import { openOwnRedis, type OwnRedis } from '../../helpers/own-redis.ts'
import { projectionEquals } from '../../helpers/projection.ts'
import { caughtUp, workerEnvironment } from '../../helpers/recommender.ts'

interface Broken {
  readonly redis: OwnRedis
  /** What worker and API reach Redis by. */
  readonly network: Network
  readonly random: Random
  readonly applicationId: string
  /** Another Redis, with nothing in it. */
  readonly other: () => Promise<OwnRedis>
}

type Fault = (broken: Broken) => Promise<void>

/** Each breaks Redis under load and mends it again. */
const faults: Readonly<Record<string, Fault>> = {
  async 'killed, and back empty after a while' ({ redis, random }) {
    await redis.kill()
    await sleep(500 + random.below(2_000))
    await redis.start()
  },

  async 'restarted empty, again and again' ({ redis, random }) {
    for (let time = 0; time < 4; time++) {
      await redis.kill()
      await redis.start()
      await sleep(random.below(700))
    }
  },

  async flushed ({ redis, random }) {
    for (let time = 0; time < 4; time++) {
      await redis.client.flushall()
      await sleep(random.below(900))
    }
  },

  async 'slow: every answer takes 500 ms longer' ({ network, random }) {
    network.delay(250)
    await sleep(3_000 + random.below(2_000))
    network.mend()
  },

  async 'silent: connections stay, and nothing passes' ({ network, random }) {
    network.hold()
    await sleep(2_000 + random.below(5_000))
    network.mend()
  },

  async 'made a replica of an empty server, and then its own master' ({ redis, random, other }) {
    const empty = await other()
    await redis.client.replicaof('127.0.0.1', String(empty.port))
    await sleep(1_000 + random.below(2_000))
    await redis.client.replicaof('NO', 'ONE')
  },

  async 'failed over to an empty server by its address, and back to the old one' ({ network, random, redis, other }) {
    network.turnTo((await other()).port)
    await sleep(1_500 + random.below(2_000))
    network.turnTo(redis.port)
  },

  async 'full, and refusing to forget' ({ redis, random }) {
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction')
    await redis.client.config('SET', 'maxmemory', '1mb')
    await sleep(2_000 + random.below(3_000))
    await redis.client.config('SET', 'maxmemory', '0')
  },

  async 'full, and forgetting what was used least' ({ redis, random }) {
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const used = Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1])
    await redis.client.config('SET', 'maxmemory', String(Math.floor(used * 0.97)))
    await sleep(2_000 + random.below(3_000))
    await redis.client.config('SET', 'maxmemory', '0')
  },

  async 'a key deleted by hand' ({ redis, random, applicationId }) {
    for (let time = 0; time < 3; time++) {
      await redis.client.unlink(random.pick(await dataKeys(redis, applicationId)))
      await redis.client.unlink(...await dataKeys(redis, applicationId, [':item_popularity']))
      await sleep(random.below(500))
    }
  },

  async 'a key of the wrong type' ({ redis, random, applicationId }) {
    for (let time = 0; time < 3; time++) {
      await spoil(redis, random.pick(await dataKeys(redis, applicationId)))
      await spoil(redis, random.pick(await dataKeys(redis, applicationId, [':item_popularity', ':co_visitation_out'])))
      await sleep(random.below(500))
    }
  },

  async 'a fence of the wrong type' ({ redis, applicationId }) {
    await spoil(redis, `{${applicationId}:0}:fence`)
  }
}

/** Redis may be anything: the worker goes on, /reco answers, Redis is never ahead, and in the end it is as if it had just been built. */
faultRounds('redis', Object.fromEntries(Object.entries(faults).map(([name, fault]) => [name, async (round: Round) => await underLoad(round, fault)])))

async function underLoad ({ t, services: shared, random, openWorld, measured }: Round, fault: Fault): Promise<void> {
  const redis = await openOwnRedis(t)
  const network = await openNetwork(t, redis.port)
  const services = { ...shared, redis: through(network, redis.address) }
  const world = await openWorld({ services, feedMs: 60_000 })
  const { applicationId, topics, expected } = world
  const api = await startApi(t, workerEnvironment(services, applicationId, topics))
  const load = world.load()
  const worker = world.start()
  await world.underWay(worker)
  await api.undegraded(15_000)
  while ((await dataKeys(redis, applicationId)).length < 50) await sleep(50)
  const watching = watch(t, { api, services, applicationId })

  await fault({ redis, network, random, applicationId, other: async () => await openOwnRedis(t) })
  const mended = performance.now()
  await load.end()
  await caughtUp(services, applicationId, topics, worker)
  await projectionEquals(services, applicationId, expected)
  measured('ms from the end of the fault to a level projection', performance.now() - mended)
  const { answers, degraded, failures, slowestMs, ahead, compared } = await watching.stop()

  measured('answers of /reco', answers)
  measured('of them degraded', degraded)
  measured('ms for the slowest', slowestMs)
  deepEqual(failures, [])
  deepEqual(ahead, [])
  ok(compared > 0, 'Redis was never compared')
  await world.assertAll(worker)
  await api.undegraded(5_000)
  equal(await worker.stop(), 0, worker.output())
}

/** Of the projection, with these ends; a build that has just begun has none yet. */
async function dataKeys ({ client }: OwnRedis, applicationId: string, ends: readonly string[] = ['']): Promise<string[]> {
  for (;;) {
    const keys = (await client.keys(`{${applicationId}:*`)).filter(key => !key.endsWith(':fence') && ends.some(end => key.endsWith(end))).sort()
    if (keys.length > 0) return keys
    await sleep(20)
  }
}

/** A string where none belongs; no key of ours in these stores is one. */
async function spoil ({ client }: OwnRedis, key: string): Promise<void> {
  await client.multi().unlink(key).set(key, 'not ours').exec()
}
