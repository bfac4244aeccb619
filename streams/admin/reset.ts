import { setTimeout as sleep } from 'node:timers/promises'
import { FatalError, messageOf } from '../errors.ts'
import { LogError, type GroupMemberInfo, type Log } from '../log/log.ts'
import type { Database, Session } from '../state/postgres/database.ts'
import { schemaSessionLock } from '../state/postgres/engine-schema.ts'
import { deleteKeys, type DeletableKeySpace } from './redis-keys.ts'
import { replaceSchema, forgetTopics } from './replace-schema.ts'
import { planReset, type ResetPlan, type ResetRequest } from './reset-plan.ts'

export interface ResetServices {
  readonly log: Log
  readonly database: Database
  /** Left out: there is no Redis, or it is away. */
  readonly redis?: DeletableKeySpace
}

export interface ResetOptions {
  /** Evicts members instead of refusing. */
  readonly force: boolean
  /** Told before anything is changed. */
  readonly planned: (plan: ResetPlan) => void
}

export interface ResetDone {
  readonly plan: ResetPlan
  /** undefined: Redis could not be asked; what it holds is of the old generation, and the next worker's build replaces it. */
  readonly deletedKeys: number | undefined
  readonly redisProblem: string | undefined
}

const EVICTION_TIMEOUT_MS = 10_000

/**
 * Forgets everything that an application id made, and moves its inputs. The schema goes first, in one transaction that also
 * writes the new starts: from then on the application starts where it was asked, whatever happens to this process. A second
 * run finishes what a first one left.
 */
export async function reset (request: ResetRequest, services: ResetServices, { force, planned }: ResetOptions): Promise<ResetDone> {
  return await holdingSchemaLock(services.database, request.applicationId, async session => {
    const plan = await planReset(request, { log: services.log, database: session })
    planned(plan)
    await emptyGroup(plan, services.log, force)
    await replaceSchema(session, plan)
    const redis = await deleteProjection(request.applicationId, services.redis)
    await services.log.deleteTopics(plan.internalTopics)
    await forgetTopics(session, request.applicationId, plan.internalTopics)
    await setGroupOffsets(plan, services.log, force)
    return { plan, ...redis }
  })
}

export function membersRefusal (applicationId: string, members: readonly GroupMemberInfo[]): string {
  const names = members.map(({ memberId, clientId, host }) => `${memberId} (client ${clientId}, host ${host})`).join(', ')
  return `Group '${applicationId}' has ${members.length} active ${members.length === 1 ? 'member' : 'members'}: ${names}. Stop ${members.length === 1 ? 'it' : 'them'}, or evict with --force.`
}

/** Keeps a starting worker out until everything is done: it takes the same lock before it looks at the schema. */
async function holdingSchemaLock<T> (database: Database, applicationId: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await database.session()
  const { take, giveBack } = schemaSessionLock(applicationId)
  let broken = true
  try {
    await session.query({ text: `select ${take}` }).catch(error => { throw lockError(error, applicationId) })
    const result = await work(session).finally(async () => {
      await session.query({ text: `select ${giveBack}` }).then(() => { broken = false }, () => {})
    })
    return result
  } finally {
    session.release(broken)
  }
}

function lockError (error: unknown, applicationId: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== '55P03') return error
  return new FatalError(`Somebody else is making, migrating or resetting '${applicationId}' just now; nothing was changed. Try again when that has ended.`, { cause: error })
}

async function emptyGroup ({ applicationId, members }: ResetPlan, log: Log, force: boolean): Promise<void> {
  if (members.length === 0) return
  if (!force) throw new FatalError(`${membersRefusal(applicationId, members)} Nothing was changed.`)
  await log.evictMembers(applicationId, members.map(({ memberId }) => memberId))
}

async function deleteProjection (applicationId: string, redis: DeletableKeySpace | undefined): Promise<Omit<ResetDone, 'plan'>> {
  if (redis === undefined) return { deletedKeys: undefined, redisProblem: undefined }
  try {
    return { deletedKeys: await deleteKeys(redis, applicationId), redisProblem: undefined }
  } catch (error) {
    return { deletedKeys: undefined, redisProblem: messageOf(error) }
  }
}

/** An evicted member that still runs joins again, finds the generation gone and stops; until then the group is not empty. */
async function setGroupOffsets ({ applicationId, positions }: ResetPlan, log: Log, force: boolean): Promise<void> {
  const offsets = positions.map(({ topic, partition, newPosition }) => ({ topic, partition, offset: newPosition }))
  if (offsets.length === 0) return
  const deadline = Date.now() + EVICTION_TIMEOUT_MS
  while (true) {
    try {
      return await log.setGroupOffsets(applicationId, offsets)
    } catch (error) {
      const members = await log.groupMembers(applicationId)
      if (!(error instanceof LogError) || members.length === 0 || !force || Date.now() > deadline) {
        throw new FatalError(`The schema of '${applicationId}' is reset and its next run starts as planned, but its group offsets could not be set: ${messageOf(error)} Lag tools show old numbers until a worker runs; or run this command again.`, { cause: error })
      }
      await log.evictMembers(applicationId, members.map(({ memberId }) => memberId))
      await sleep(100)
    }
  }
}
