import type {
  Change, Conflict, CounterWrite, KeyedWrite, ListWrite, Loaded, OrderedWrite, RowsWrite, State, StoreWrite, TaskId, TaskPosition, UnitTransaction, Wanted, Written
} from '../state.ts'
import { condemn, condemnedOf, findCondemned, forgetCondemned } from './condemned.ts'
import { addCounts, countsChange, keyOfRow } from './counter-sql.ts'
import type { Database, Session, Statement, TextRow } from './database.ts'
import type { Ordered } from '../../stores/ordered.ts'
import { StateError } from '../state.ts'
import { classify } from './errors.ts'
import { inTransaction, schemaLock, type EngineSchema } from './engine-schema.ts'
import { findValues, putValues, valuesChange, valuesOf } from './keyed-sql.ts'
import { findLists, listsOf, moveLists } from './list-sql.ts'
import { findRows, insertRows, rowKeysOf } from './rows-sql.ts'
import { loadOrdered, orderedTable, writeOrdered, type WantedOrdered } from './ordered-sql.ts'
import { countParked, findParked, loadParked, parkedPlaceOf, parkedRowOf, writeParked } from './parked-sql.ts'
import { encodeArray, quote } from './sql.ts'
import { claimAborted, closeEpochs, findUnits, forgetEpochs, noteAborted, unitsOf } from './units-sql.ts'

export interface PostgresStateOptions {
  readonly database: Database
  readonly schema: EngineSchema
  /** Who holds the tasks, for people who look into the table. */
  readonly owner: string
  /** Whether units leave an outbox row for a projection. */
  readonly projected: boolean
}

/** State in Postgres. Statements are sent without waiting for each other; answers are looked at before anything depends on them. */
export function openPostgresState ({ database, schema, owner, projected }: PostgresStateOptions): State {
  const { applicationId, generation } = schema
  const tasks = `${quote(applicationId)}.millrace_tasks`
  const asked = `${quote(applicationId)}.millrace_starts`
  const sameGeneration = `exists (select from ${quote(applicationId)}.millrace_application where generation = '${generation}'::uuid)`

  return {
    generation,

    async ensureStores (stores) {
      await attempt(async () => await makeMissingTables(database, applicationId, stores.filter(store => store.kind === 'ordered')))
    },

    async noteInputs (counts) {
      return await attempt(async () => {
        const topics = [...counts.keys()].sort()
        await database.query({
          text: `insert into ${quote(applicationId)}.millrace_inputs (topic, partitions) select * from unnest($1::text[], $2::integer[]) on conflict do nothing`,
          values: [encodeArray('text', topics), encodeArray('integer', topics.map(topic => counts.get(topic) ?? 0))]
        })
        const rows = await database.query({ text: `select topic, partitions from ${quote(applicationId)}.millrace_inputs` })
        return new Map(rows.map(([topic, partitions]) => [topic ?? '', Number(partitions)]))
      })
    },

    async askedStarts (partitions) {
      return await attempt(async () => (await database.query({
        text: `select topic, partition, "offset" from ${asked} join unnest($1::text[], $2::integer[]) as wanted (topic, partition) using (topic, partition)`,
        values: [encodeArray('text', partitions.map(({ topic }) => topic)), encodeArray('integer', partitions.map(({ partition }) => partition))]
      })).map(([topic, partition, offset]) => ({ topic: topic ?? '', partition: Number(partition), offset: Number(offset) })))
    },

    async takeOver (starts) {
      return await attempt(async () => {
        const rows = await database.query({
          text: `with start as (
              select * from unnest($1::text[], $2::integer[], $3::jsonb[], $5::boolean[]) as start (sub_topology, partition, offsets, writes_internal)
            ), used as (
              delete from ${asked} as a using start where a.partition = start.partition and start.offsets ? a.topic and ${sameGeneration}
            ), moved as (
              insert into ${tasks} as t (sub_topology, partition, epoch, unit, offsets, stream_time, owner)
              select sub_topology, partition, 1, 0, offsets, -1, $4 from start
              where ${sameGeneration} order by sub_topology, partition
              on conflict (sub_topology, partition) do update
                set epoch = t.epoch + 1, offsets = excluded.offsets || t.offsets, owner = excluded.owner
              returning t.*
            ), closed as (
              ${closeEpochs(applicationId)}
            )
            select ${POSITION} from moved as t`,
          values: [
            encodeArray('text', starts.map(({ subTopology }) => subTopology)),
            encodeArray('integer', starts.map(({ partition }) => partition)),
            encodeArray('jsonb', starts.map(({ offsets }) => JSON.stringify(offsets))),
            owner,
            encodeArray('boolean', starts.map(({ writesInternal = false }) => writesInternal))
          ]
        })
        if (rows.length < starts.length) throw new StateError('fatal', `Application id '${applicationId}' was reset while this worker ran; start it again.`, undefined)
        return rows.map(positionOf)
      })
    },

    async positions (wanted) {
      return await attempt(async () => (await database.query({
        text: `select ${POSITION} from ${tasks} as t join unnest($1::text[], $2::integer[]) as wanted (sub_topology, partition) using (sub_topology, partition) for update of t`,
        values: taskArrays(wanted)
      })).map(positionOf))
    },

    async condemn (record) {
      return await attempt(async () => (await database.query(condemn(applicationId, sameGeneration, record))).length > 0)
    },

    async condemned (wanted) {
      return await attempt(async () => (await database.query(findCondemned(applicationId, wanted))).map(condemnedOf))
    },

    async unitsOf (wanted) {
      return await attempt(async () => (await database.query(findUnits(applicationId, wanted))).map(unitsOf))
    },

    async abort (units) {
      await attempt(async () => await database.query(noteAborted(applicationId, sameGeneration, units)))
    },

    async forgetEpochs (epochs) {
      await attempt(async () => await database.query(forgetEpochs(applicationId, epochs)))
    },

    async noteInternalTopics (topics) {
      await attempt(async () => await database.query({
        text: `insert into ${quote(applicationId)}.millrace_catalogue (kind, name) select 'topic', unnest($1::text[]) on conflict do nothing`,
        values: [encodeArray('text', topics)]
      }))
    },

    async load (wanted) {
      return await attempt(async () => await Promise.all(wanted.map(async each => isOrdered(each)
        ? await loadOrdered(applicationId, each, database.query)
        : loadedOf(each, await database.query(finder(applicationId, each))))))
    },

    async parked (wanted) {
      return await attempt(async () => (await database.query(findParked(applicationId, wanted))).map(parkedPlaceOf))
    },

    async parkedCounts () {
      return new Map((await attempt(async () => await database.query(countParked(applicationId)))).map(([name, count]) => [name ?? '', Number(count)]))
    },
    async loadParked (places) {
      return await attempt(async () => (await database.query(loadParked(applicationId, places))).map(parkedRowOf))
    },

    async begin () {
      return await attempt(async () => {
        const session = await database.session()
        return openUnit({ session, applicationId, tasks, sameGeneration, projected })
      })
    },

    async close () {
      await database.close()
    }
  }
}

/** Looked for first, so that who may not make tables can start where they are. */
async function makeMissingTables (database: Database, schema: string, stores: readonly Ordered[]): Promise<void> {
  if (stores.length === 0) return
  const missingIn = async (on: Pick<Database, 'query'>): Promise<readonly Ordered[]> => {
    // Not `to_regclass`: what a connection once looked up in vain may stay so for it until its transaction ends.
    const found = await on.query({
      text: `select name, not exists (select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where n.nspname = $2 and c.relname = name)
        from unnest($1::text[]) as name`,
      values: [encodeArray('text', stores.map(({ name }) => name)), schema]
    })
    return stores.filter(({ name }) => found.some(([found, isMissing]) => found === name && isMissing === 't'))
  }
  if ((await missingIn(database)).length === 0) return
  await inTransaction(database, async session => {
    await session.query({ text: `select ${schemaLock(schema)}` })
    for (const store of await missingIn(session)) for (const text of orderedTable(schema, store)) await session.query({ text })
  })
}

const POSITION = 't.sub_topology, t.partition, t.epoch, t.unit, t.offsets::text, t.stream_time, t.times::text, t.finished::text'

function positionOf (row: TextRow): TaskPosition {
  return {
    subTopology: row[0] ?? '',
    partition: Number(row[1]),
    epoch: Number(row[2]),
    unit: Number(row[3]),
    offsets: JSON.parse(row[4] ?? '{}'),
    streamTime: Number(row[5]),
    times: JSON.parse(row[6] ?? '{}'),
    finished: JSON.parse(row[7] ?? '{}')
  }
}

function taskArrays (tasks: readonly TaskId[]): Buffer[] {
  return [encodeArray('text', tasks.map(({ subTopology }) => subTopology)), encodeArray('integer', tasks.map(({ partition }) => partition))]
}

type WantedElse = Exclude<Wanted, WantedOrdered>

function finder (schema: string, wanted: WantedElse): Statement {
  if (isRows(wanted)) return findRows(schema, wanted.store, wanted.keys)
  if (isList(wanted)) return findLists(schema, wanted.store, wanted.keys)
  return findValues(schema, wanted.store, wanted.keys)
}

function loadedOf (wanted: WantedElse, rows: readonly TextRow[]): Loaded {
  if (isRows(wanted)) return { store: wanted.store, found: rowKeysOf(wanted.store, rows) }
  if (isList(wanted)) return { store: wanted.store, found: listsOf(wanted.store, rows) }
  return { store: wanted.store, found: valuesOf(wanted.store, rows) }
}

function isOrdered (wanted: Wanted): wanted is WantedOrdered {
  return wanted.store.kind === 'ordered'
}

function isRows (wanted: WantedElse): wanted is Extract<Wanted, { store: { kind: 'rows' } }> {
  return wanted.store.kind === 'rows'
}

function isList (wanted: WantedElse): wanted is Extract<Wanted, { store: { kind: 'list' } }> {
  return wanted.store.kind === 'list'
}

interface UnitContext {
  readonly session: Session
  readonly applicationId: string
  readonly tasks: string
  readonly sameGeneration: string
  readonly projected: boolean
}

function openUnit ({ session, applicationId, tasks, sameGeneration, projected }: UnitContext): UnitTransaction {
  let claimed: readonly TaskPosition[] = []
  const rollback = async (): Promise<void> => {
    // A connection that cannot even roll back is thrown away; the server rolls back by itself.
    await session.query({ text: 'rollback' }).then(() => session.release(false), () => session.release(true))
  }
  /** An error leaves no transaction open behind it. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      await rollback()
      throw classify(error)
    }
  }

  return {
    rollback,

    async insert (rows) {
      return await guarded(async () => {
        const [, ...inserted] = await Promise.all([session.query({ text: 'begin' }), ...rows.map(async write => await session.query(insertRows(applicationId, write)))])
        return rows.flatMap((write, index) => rowConflicts(write, inserted[index] ?? []))
      })
    },

    async claim (positions, condemned, aborted = []) {
      claimed = positions
      return await guarded(async () => {
        const [moved] = await Promise.all([
          session.query(movePositions(tasks, sameGeneration, applicationId, positions)),
          condemned.length === 0 ? undefined : session.query(forgetCondemned(applicationId, condemned)),
          aborted.length === 0 ? undefined : session.query(claimAborted(applicationId, aborted))
        ])
        return missingTasks(positions, moved)
      })
    },

    async write (writes, applied, parked) {
      return await guarded(async () => {
        const parking = parked === undefined ? undefined : Promise.all(writeParked(applicationId, parked).map(async statement => await session.query(statement)))
        const stores = Promise.allSettled([...writes].sort(commutativeLast).map(async write => await writeStore(session, applicationId, write)))
        // Which keys change is known before they are written, so the outbox row goes out with them, and not a round trip later.
        const outbox = projected ? writeOutbox(session, applicationId, claimed, writes, applied) : undefined
        const [results, [left, put]] = await Promise.all([stores, Promise.allSettled([outbox, parking])])
        const conflicts = results.flatMap(result => result.status === 'fulfilled' ? result.value.conflicts : [])
        // Before any error: a list that has moved on may have spoilt the transaction for the statements behind it.
        if (conflicts.length > 0) {
          await rollback()
          return { outcome: 'conflict', conflicts } satisfies Written
        }
        const changes = results.flatMap(result => {
          if (result.status === 'rejected') throw result.reason
          return result.value.changes
        })
        if (left.status === 'rejected') throw left.reason
        if (put.status === 'rejected') throw put.reason
        await commit(session)
        session.release(false)
        return { outcome: 'committed', changes, outboxId: left.value } satisfies Written
      })
    }
  }
}

/** Once the commit is sent, silence is not failure: the caller looks at the position row to learn what happened. */
async function commit (session: Session): Promise<void> {
  try {
    await session.query({ text: 'commit' })
  } catch (error) {
    const { kind, message } = classify(error)
    throw new StateError(kind === 'outage' ? 'unknown' : kind, message, error)
  }
}

function movePositions (tasks: string, sameGeneration: string, applicationId: string, positions: readonly TaskPosition[]): Statement {
  return {
    prepared: true,
    text: `update ${tasks} as t set unit = moved.unit + 1, offsets = moved.offsets, stream_time = moved.stream_time, times = moved.times, finished = moved.finished
      from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::jsonb[], $6::bigint[], $7::jsonb[], $8::jsonb[]) as moved (sub_topology, partition, epoch, unit, offsets, stream_time, times, finished)
      where t.sub_topology = moved.sub_topology and t.partition = moved.partition and t.epoch = moved.epoch and t.unit = moved.unit and ${sameGeneration}
      returning t.sub_topology, t.partition`,
    values: [
      ...taskArrays(positions),
      encodeArray('bigint', positions.map(({ epoch }) => epoch)),
      encodeArray('bigint', positions.map(({ unit }) => unit)),
      encodeArray('jsonb', positions.map(({ offsets }) => JSON.stringify(offsets))),
      encodeArray('bigint', positions.map(({ streamTime }) => streamTime)),
      encodeArray('jsonb', positions.map(({ times }) => JSON.stringify(times))),
      encodeArray('jsonb', positions.map(({ finished }) => JSON.stringify(finished)))
    ]
  }
}

function missingTasks (positions: readonly TaskPosition[], moved: readonly TextRow[]): TaskId[] {
  if (moved.length === positions.length) return []
  const kept = new Set(moved.map(([subTopology, partition]) => `${subTopology}/${partition}`))
  return positions.filter(({ subTopology, partition }) => !kept.has(`${subTopology}/${partition}`))
}

function rowConflicts (write: RowsWrite, inserted: readonly TextRow[]): Conflict[] {
  if (write.decided.length === 0 || inserted.length === write.rows.size) return []
  const written = rowKeysOf(write.store, inserted)
  const keys = [...new Set(write.decided)].filter(key => write.rows.has(key) && !written.has(key))
  return keys.length === 0 ? [] : [{ store: write.store, keys }]
}

function commutativeLast (a: StoreWrite, b: StoreWrite): number {
  return Number(a.kind === 'counter') - Number(b.kind === 'counter')
}

interface StoreResult {
  readonly changes: readonly Change[]
  readonly conflicts: readonly Conflict[]
}

async function writeStore (session: Session, schema: string, write: StoreWrite): Promise<StoreResult> {
  switch (write.kind) {
    case 'counter': return await writeCounts(session, schema, write)
    case 'keyed': return await writeValues(session, schema, write)
    case 'list': return await writeLists(session, schema, write)
    case 'ordered': return await writeEntries(session, schema, write)
    case 'rows': return { changes: [], conflicts: rowConflicts(write, await session.query(insertRows(schema, write))) }
  }
}

async function writeCounts (session: Session, schema: string, write: CounterWrite): Promise<StoreResult> {
  return { changes: [countsChange(write.store, await session.query(addCounts(schema, write)))], conflicts: [] }
}

async function writeValues (session: Session, schema: string, write: KeyedWrite): Promise<StoreResult> {
  const rows = (await Promise.all(putValues(schema, write).map(async statement => await session.query(statement)))).flat()
  const change = valuesChange(write, rows)
  if (rows.length === write.changes.size || change.kind !== 'keyed') return { changes: [change], conflicts: [] }
  return { changes: [], conflicts: [{ store: write.store, keys: [...write.changes.keys()].filter(key => !change.values.has(key)) }] }
}

async function writeEntries (session: Session, schema: string, write: OrderedWrite): Promise<StoreResult> {
  await Promise.all(writeOrdered(schema, write).map(async statement => await session.query(statement)))
  return { changes: [], conflicts: [] }
}

async function writeLists (session: Session, schema: string, write: ListWrite): Promise<StoreResult> {
  const { move, fill } = moveLists(schema, write)
  const width = write.store.key.length
  const moves = Promise.all(move.map(async statement => await session.query(statement)))
  // Sent before the moves are answered: where one was refused, the unit is rolled back and an entry written in vain goes with it.
  const fills = Promise.allSettled(fill.map(async statement => await session.query(statement)))
  const moved = new Set((await moves).flat().map(row => keyOfRow(row, width)))
  const refused = [...write.changes.keys()].filter(key => !moved.has(key))
  const failed = (await fills).find(result => result.status === 'rejected')
  if (refused.length > 0) return { changes: [], conflicts: [{ store: write.store, keys: refused }] }
  if (failed !== undefined) throw failed.reason
  return { changes: [{ kind: 'list', store: write.store, values: new Map([...write.changes].map(([key, { expected, value }]) => [key, { ...value, added: value.newest - expected }])) }], conflicts: [] }
}

/** One row that names what the unit changed, so that a crash between Postgres and the projection leaves word of it. */
async function writeOutbox (
  session: Session, schema: string, claimed: readonly TaskPosition[], writes: readonly StoreWrite[], applied: readonly number[]
): Promise<number | undefined> {
  const outbox = `${quote(schema)}.millrace_outbox`
  const settled = applied.length === 0
    ? undefined
    : session.query({ prepared: true, text: `delete from ${outbox} where id = any($1::bigint[])`, values: [encodeArray('bigint', applied)] })
  const written = session.query({
    prepared: true,
    text: `insert into ${outbox} (tasks, changes) values ($1, $2) returning id`,
    values: [
      JSON.stringify(claimed.map(({ subTopology, partition, unit }) => [subTopology, partition, unit + 1])),
      JSON.stringify(Object.fromEntries(writes.flatMap(write => write.kind === 'rows' || write.kind === 'ordered' ? [] : [[write.store.name, [...(write.kind === 'counter' ? write.amounts : write.changes).keys()]]])))
    ]
  })
  const [rows] = await Promise.all([written, settled])
  return Number(rows[0]?.[0])
}

async function attempt<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw classify(error)
  }
}
