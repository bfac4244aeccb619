import type { TestContext } from 'node:test'
import { freePort } from '../../scripts/services/processes.ts'
import { openOwnRedis, type OwnRedis } from './own-redis.ts'

/** A Redis Cluster of a test's own: three masters, which forget their data when they are killed and keep their slots. */
export interface OwnRedisCluster {
  /** Addresses of all masters, separated by commas. */
  readonly address: string
  readonly masters: readonly OwnRedis[]
  /** Another server that follows one of them, and has its data. */
  readonly addReplica: (master: OwnRedis) => Promise<OwnRedis>
  /** Resolves when every server says that all slots are served. */
  readonly isWhole: () => Promise<void>
}

const SLOTS = 16_384
const PASSWORD = 'secret'

export async function openOwnRedisCluster (t: Pick<TestContext, 'after'>): Promise<OwnRedisCluster> {
  const open = async (): Promise<Member> => await openMember(t)
  const members = [await open(), await open(), await open()]
  const [first] = members
  if (first === undefined) throw new Error('a cluster has members')
  for (const [index, { redis: { client } }] of members.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', Math.ceil(index * SLOTS / members.length), Math.ceil((index + 1) * SLOTS / members.length) - 1)
    // Else all begin with the same epoch, and have to find out who is right.
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
  }
  const masters = members.map(({ redis }) => redis)
  const isWhole = async (): Promise<void> => {
    for (const { client } of masters) await until(async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  }
  for (const member of members.slice(1)) await meet(first.redis, member)
  await isWhole()
  return {
    address: masters.map(({ address }) => address).join(','),
    masters,
    isWhole,
    async addReplica (master) {
      const member = await open()
      await meet(first.redis, member)
      const { client } = member.redis
      const masterId = String(await master.client.call('CLUSTER', 'MYID'))
      await until(async () => String(await client.call('CLUSTER', 'NODES')).includes(masterId))
      await client.call('CLUSTER', 'REPLICATE', masterId)
      await until(async () => (await client.info('replication')).includes('master_link_status:up'))
      return member.redis
    }
  }
}

interface Member {
  readonly redis: OwnRedis
  readonly busPort: number
}

async function openMember (t: Pick<TestContext, 'after'>): Promise<Member> {
  const busPort = await freePort()
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-port', String(busPort)]
  return { redis: await openOwnRedis(t, { args, password: PASSWORD }), busPort }
}

async function meet ({ client }: OwnRedis, { redis, busPort }: Member): Promise<void> {
  await client.call('CLUSTER', 'MEET', '127.0.0.1', redis.port, busPort)
}

/** Commands of a server that is about to take its place may fail. */
async function until (condition: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!await condition().catch(() => false)) {
    if (Date.now() > deadline) throw new Error(`The cluster was not there after ${timeoutMs} ms.`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
