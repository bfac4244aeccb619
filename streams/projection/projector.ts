import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Pauses } from '../pauses.ts'
import type { Change } from '../state/state.ts'
import { currentOf, pageOf, type Page, type Projected } from '../state/postgres/current.ts'
import type { Database } from '../state/postgres/database.ts'
import { inTransaction } from '../state/postgres/engine-schema.ts'
import { deleteOutbox, explainedUnits, lockOutbox, trimOutbox, type TaskUnit } from '../state/postgres/outbox.ts'
import type { Store } from '../stores/store.ts'
import type { Applied, RedisProjection } from './redis-projection.ts'

export interface ProjectorOptions {
  readonly projection: RedisProjection
  readonly database: Database
  readonly applicationId: string
  readonly generation: string
  readonly stores: readonly Store[]
  readonly logger: Logger
  readonly pauses: Pauses
}

/** level: Redis follows unit by unit · building: it is made anew from Postgres · away: it does not answer, and units wait in the outbox. */
export type ProjectorStatus = 'level' | 'building' | 'away'

interface CommittedUnit {
  readonly changes: readonly Change[]
  readonly tasks: readonly TaskUnit[]
  readonly outboxId: number
}

/** Units waiting in memory; what does not fit is projected from the outbox, which has it too. */
const MAX_QUEUED_UNITS = 32
const CHECK_EVERY_MS = 500
/** Younger rows belong to units whose own process is about to project them. */
const OUTBOX_AGE_MS = 1_000
const OUTBOX_BATCH = 20
/** About a quarter of an hour of full units; beyond, building anew is cheaper than catching up. */
const MAX_OUTBOX_ROWS = 10_000
const PAGE = 2_000
/** Between builds that come to nothing. */
const MAX_REST_MS = 10_000
/** Pages of the background walk are small, because readers wait while Redis runs a script; with each check come as many as take a hundredth of the time. */
const WALK_PAGE = 50
const WALK_MS = CHECK_EVERY_MS / 100

/**
 * Keeps Redis level with Postgres: projects each unit after its commit, what a crash left in the outbox, and builds
 * everything anew when Redis has lost something. Nothing here holds up a unit.
 */
export class Projector {
  readonly #options: ProjectorOptions
  readonly #stores: readonly Projected[]
  readonly #queue: CommittedUnit[] = []
  #applied: number[] = []
  #draining: Promise<void> | undefined
  #checking: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #status: ProjectorStatus = 'away'
  #unfinishedBuilds = 0
  #restsUntil = -Infinity
  #walk: { readonly store: number, readonly after: string | undefined } = { store: 0, after: undefined }

  constructor (options: ProjectorOptions) {
    this.#options = options
    this.#stores = options.stores.filter(store => store.kind !== 'rows' && store.kind !== 'ordered')
  }

  get status (): ProjectorStatus {
    return this.#status
  }

  /** Checks at once, then twice a second: a lost projection is noticed even when nothing is committed. */
  start (): void {
    const again = (): void => {
      if (this.#stopped) return
      this.#checking = this.#check().catch(error => this.#became('away', messageOf(error)))
      void this.#checking.then(() => { if (!this.#stopped) this.#timer = setTimeout(again, CHECK_EVERY_MS) })
    }
    again()
  }

  /** Takes a committed unit; never waits and never throws. */
  committed (unit: CommittedUnit): void {
    if (this.#queue.length >= MAX_QUEUED_UNITS) return
    this.#queue.push(unit)
    this.#draining ??= this.#drain().finally(() => { this.#draining = undefined })
  }

  /** Outbox rows that are done with; the next unit deletes them in its own transaction. */
  takeApplied (): readonly number[] {
    return this.#applied.splice(0)
  }

  async stop (): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#draining
    await this.#checking
    await this.#settle().catch(() => {})
  }

  /** One unit after the other: the fence counts them in order. */
  async #drain (): Promise<void> {
    for (let unit = this.#queue.shift(); unit !== undefined; unit = this.#queue.shift()) {
      const { changes, tasks, outboxId } = unit
      try {
        const applied = await this.#options.projection.apply(changes, tasks)
        // With a gap before it the row stays, and is projected again in its turn.
        if (applied === 'ok') this.#applied.push(outboxId)
      } catch (error) {
        this.#became('away', messageOf(error))
        this.#queue.length = 0
      }
    }
  }

  async #check (): Promise<void> {
    const { database, applicationId, generation, projection, logger } = this.#options
    await this.#settle()
    const trimmed = await trimOutbox(database, applicationId, MAX_OUTBOX_ROWS)
    if (trimmed > 0) logger.warn({ rows: trimmed }, 'the outbox is full; the projection will be built anew when Redis is back')
    // Postgres first: what was explained before the fence is read must be in what the fence says.
    const explained = await explainedUnits(database, applicationId)
    const fences = await projection.fences()
    const reason = fences.map(fence => {
      if (fence === undefined) return 'it has no fence'
      if (fence.generation !== generation) return 'it belongs to another generation'
      if (fence.shards !== fences.length) return `it is spread over ${fence.shards} shards and should be over ${fences.length}`
      if (fence.hasEvicted) return 'Redis evicts keys; give it more memory, or set its maxmemory-policy to noeviction'
      if (fence.state === 'building') return 'a build was not finished'
      const behind = explained.find(([task, unit]) => unit > (fence.units.get(task) ?? 0))
      return behind === undefined ? undefined : `it lacks units of task ${behind[0]}`
    }).find(each => each !== undefined)
    if (reason !== undefined) return await this.#build(reason)
    if (new Set(fences.map(fence => fence?.build)).size > 1) return await this.#build('its shards are of different builds')
    if (await this.#catchUp() === 'broken' || await this.#walkOn(fences[0]?.build) === 'broken') return await this.#build('a key of ours is of another type')
    this.#became('level')
  }

  /** Deletes rows that no unit came to delete. */
  async #settle (): Promise<void> {
    const applied = this.takeApplied()
    if (applied.length === 0) return
    try {
      await deleteOutbox(this.#options.database, this.#options.applicationId, applied)
    } catch (error) {
      this.#applied.push(...applied)
      throw error
    }
  }

  /**
   * Projects what crashed processes, full queues and gaps left behind. Once something was, the younger rows follow in the
   * same go: while any stay behind, each new unit finds a gap before it, and all would come here for as long as there is load.
   */
  async #catchUp (): Promise<Applied> {
    const { database, applicationId, projection } = this.#options
    let applied: Applied = 'ok'
    for (let olderThanMs = OUTBOX_AGE_MS, more = true; more && !this.#stopped; olderThanMs = 0) {
      const done = await inTransaction(database, async session => {
        const rows = await lockOutbox(session, applicationId, { olderThanMs, limit: OUTBOX_BATCH })
        if (rows.length === 0) return 0
        const changes = await this.#current(Map.groupBy(rows.flatMap(row => Object.entries(row.changes)), ([store]) => store))
        const tasks = rows.flatMap(row => row.tasks).sort(([, a], [, b]) => a - b)
        applied = await projection.apply(changes, tasks)
        if (applied !== 'ok') return 0
        await deleteOutbox(session, applicationId, rows.map(({ id }) => id))
        return rows.length
      })
      more = done === OUTBOX_BATCH || (done > 0 && olderThanMs > 0)
    }
    return applied
  }

  async #current (keysByStore: ReadonlyMap<string, readonly (readonly [string, readonly string[]])[]>): Promise<Change[]> {
    const { database, applicationId } = this.#options
    return await Promise.all(this.#stores.flatMap(store => {
      const keys = [...new Set((keysByStore.get(store.name) ?? []).flatMap(([, some]) => some))]
      return keys.length === 0 ? [] : [currentOf(database, applicationId, store, keys)]
    }))
  }

  /** Makes a new build from Postgres. One process does it, under a lock; the others keep projecting their units into it. */
  async #build (reason: string): Promise<void> {
    this.#became('building', reason)
    if (performance.now() < this.#restsUntil) return
    const { database, applicationId, logger } = this.#options
    const session = await database.session()
    let broken = true
    try {
      const [[locked] = []] = await session.query({ text: 'select pg_try_advisory_lock(hashtextextended($1, 0))', values: [`millrace projection ${applicationId}`] })
      if (locked === 't') {
        // Until it is ready: a build that fails would fail again at once, and costs Postgres a look at everything.
        this.#restsUntil = performance.now() + Math.min(MAX_REST_MS, CHECK_EVERY_MS * 2 ** this.#unfinishedBuilds++)
        const started = performance.now()
        const keys = await this.#buildAll()
        if (keys !== undefined) logger.info({ keys, seconds: (performance.now() - started) / 1000 }, 'the projection was built from Postgres')
        await session.query({ text: 'select pg_advisory_unlock(hashtextextended($1, 0))', values: [`millrace projection ${applicationId}`] })
      }
      broken = false
    } finally {
      // A lock that was not given back goes with its connection.
      session.release(broken)
    }
  }

  /** How many keys it has; undefined when it was not finished. */
  async #buildAll (): Promise<number | undefined> {
    const { database, applicationId, projection } = this.#options
    const [[number] = []] = await database.query({ text: `select nextval('"${applicationId.replaceAll("'", "''")}".millrace_version')` })
    const build = String(number)
    await projection.beginBuild(build, await explainedUnits(database, applicationId))
    // Nobody reads them any more, and a Redis that is full has no room for both.
    await projection.sweep(build)
    // Units projected between that look and this one went to the build before; they are in the tables read from here on.
    await projection.advance(build, 'building', await explainedUnits(database, applicationId))
    let keys = 0
    for (const store of this.#stores) {
      for await (const change of pagesOf(database, applicationId, store)) {
        if (this.#stopped) return undefined
        keys += change.kind === 'counter' ? change.counts.size : change.values.size
        if (await projection.apply([change], [], build) !== 'ok') return undefined
      }
    }
    if (!await projection.advance(build, 'ready', await explainedUnits(database, applicationId))) return undefined
    this.#unfinishedBuilds = 0
    this.#restsUntil = -Infinity
    this.#became('level')
    return keys
  }

  /** A few pages now and then, over and over: mends by version what no other check would notice. */
  async #walkOn (build: string | undefined): Promise<Applied> {
    const { database, applicationId, projection } = this.#options
    const until = performance.now() + WALK_MS
    if (build === undefined) return 'ok'
    let applied: Applied = 'ok'
    while (applied === 'ok' && performance.now() < until && !this.#stopped) {
      const store = this.#stores[this.#walk.store]
      if (store === undefined) break
      const { change, last } = await pageOf(database, applicationId, store, this.#walk.after, WALK_PAGE)
      applied = await projection.apply([change], [], build)
      this.#walk = last === undefined ? { store: (this.#walk.store + 1) % this.#stores.length, after: undefined } : { store: this.#walk.store, after: last }
    }
    return applied
  }

  #became (status: ProjectorStatus, reason: string = ''): void {
    const { pauses } = this.#options
    this.#status = status
    for (const each of ['away', 'building'] as const) {
      if (each === status) pauses.waits(`projection-${each}`, reason)
      else pauses.over(`projection-${each}`)
    }
  }
}

/** All that a store holds, in pages; Postgres reads the next one while Redis is given the one before. Versions settle what has changed meanwhile. */
async function * pagesOf (database: Database, applicationId: string, store: Projected): AsyncGenerator<Change> {
  let coming: Promise<Page> | undefined = pageOf(database, applicationId, store, undefined, PAGE)
  while (coming !== undefined) {
    const { change, last }: Page = await coming
    coming = last === undefined ? undefined : pageOf(database, applicationId, store, last, PAGE)
    // Whoever asks for it hears of its failure; nobody does when the one before could not be applied.
    coming?.catch(() => {})
    yield change
  }
}
