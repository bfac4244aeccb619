import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FatalError, LogError, type Log } from '../../../streams/index.ts'
import { readLag } from '../../../streams/admin/lag.ts'
import type { ResetTarget } from '../../../streams/admin/positions.ts'
import { planReset, type ResetPlan } from '../../../streams/admin/reset-plan.ts'
import type { DeletableKeySpace } from '../../../streams/admin/redis-keys.ts'
import { reset } from '../../../streams/admin/reset.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openPglite } from '../../../streams/state/pglite.ts'
import type { Database } from '../../../streams/state/postgres/database.ts'
import { ensureEngineSchema } from '../../../streams/state/postgres/engine-schema.ts'
import { openPostgresState } from '../../../streams/state/postgres/postgres-state.ts'
import { startsOf } from '../../../streams/worker/starts.ts'

/** One for all tests, which keep apart by their schemas: it takes seconds to start. */
let database: Database
let worlds = 0

before(async () => { database = await openPglite() })
after(async () => await database.close())

test('a reset makes the schema anew, and the next run starts where it was asked', async () => {
  const { applicationId, log } = await worldAt(7)
  const old = await ensureEngineSchema(database, applicationId)

  await execute(applicationId, log, { kind: 'offset', offset: 3 })

  const schema = await ensureEngineSchema(database, applicationId)
  assert.notEqual(schema.generation, old.generation)
  assert.equal(await countOf(applicationId, 'seen'), undefined)
  assert.deepEqual(await log.groupOffsets(applicationId), [{ topic: 'in', partition: 0, offset: 3 }, { topic: 'in', partition: 1, offset: 3 }])
  assert.deepEqual(await startsIn(applicationId, log), [{ subTopology: 'in', partition: 0, writesInternal: false, offsets: { in: 3 } }])
})

test('an asked start counts once: when its task is taken over it is used up', async () => {
  const { applicationId, log } = await worldAt(7)
  await execute(applicationId, log, { kind: 'earliest' })

  const schema = await ensureEngineSchema(database, applicationId)
  const state = openPostgresState({ database, schema, owner: 'test', projected: false })
  await state.takeOver(await startsIn(applicationId, log))

  assert.deepEqual(await state.askedStarts([{ topic: 'in', partition: 0 }, { topic: 'in', partition: 1 }]), [{ topic: 'in', partition: 1, offset: 0 }])
  // Under another name the sub-topology has no position, and the old start is not taken for one: its tables are full.
  await assert.rejects(startsIn(applicationId, log, 'renamed'), FatalError)
})

test('without --execute nothing changes, and the plan says what would', async () => {
  const { applicationId, log } = await worldAt(7)
  const { generation } = await ensureEngineSchema(database, applicationId)

  const plan = await planReset({ applicationId, target: { kind: 'shift', by: -2 }, inputTopics: [] }, { log, database })

  assert.deepEqual(plan.positions.map(({ topic, partition, position, newPosition }) => [topic, partition, position, newPosition]), [['in', 0, 7, 5], ['in', 1, undefined, 0]])
  assert.deepEqual(plan.tables.map(({ name }) => name).filter(name => !name.startsWith('millrace_')), ['seen'])
  assert.deepEqual(plan.internalTopics, [`${applicationId}-shuffle`])
  assert.equal((await ensureEngineSchema(database, applicationId)).generation, generation)
  assert.equal(await countOf(applicationId, 'seen'), 1)
})

test('internal topics go, and the catalogue forgets them only then', async () => {
  const { applicationId, log } = await worldAt(7)
  const failing: Log = { ...log, deleteTopics: async () => { throw new LogError('outage', 'The broker is away.') } }

  await assert.rejects(execute(applicationId, failing, { kind: 'earliest' }), /broker is away/)
  assert.deepEqual((await planReset({ applicationId, target: { kind: 'earliest' }, inputTopics: [] }, { log, database })).internalTopics, [`${applicationId}-shuffle`])

  await execute(applicationId, log, { kind: 'earliest' })
  assert.equal((await log.partitionCounts([`${applicationId}-shuffle`])).size, 0)
  assert.deepEqual((await planReset({ applicationId, target: { kind: 'earliest' }, inputTopics: [] }, { log, database })).internalTopics, [])
})

test('a lost schema is reset from the group\'s offsets, and can be started again', async () => {
  const { applicationId, log } = await worldAt(7)
  await database.query({ text: `drop schema "${applicationId}" cascade` })
  await log.setGroupOffsets(applicationId, [{ topic: 'in', partition: 0, offset: 6 }])

  await execute(applicationId, log, { kind: 'group' })

  assert.deepEqual(await startsIn(applicationId, log), [{ subTopology: 'in', partition: 0, writesInternal: false, offsets: { in: 6 } }])
})

test('active members are named and refused, and evicted with force', async t => {
  const { applicationId, log } = await worldAt(7)
  const { generation } = await ensureEngineSchema(database, applicationId)
  let stop = (): void => {}
  const member = await log.joinGroup({
    groupId: applicationId,
    topics: ['in'],
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    together: [['in']],
    prepare: async () => {},
    // As a worker does that finds its generation gone: it was evicted alive, joined again, and stops now.
    assigned: () => stop(),
    failed () {}
  })
  stop = () => { void member.leave() }
  t.after(async () => await log.close())

  await assert.rejects(execute(applicationId, log, { kind: 'earliest' }), error => error instanceof FatalError && error.message.includes(member.memberId()))
  assert.equal((await ensureEngineSchema(database, applicationId)).generation, generation)

  await execute(applicationId, log, { kind: 'earliest' }, true)
  assert.notEqual((await ensureEngineSchema(database, applicationId)).generation, generation)
})

test('a schema that is not ours is left alone', async () => {
  const applicationId = `world-${++worlds}`
  await database.query({ text: `create schema "${applicationId}"` })

  await assert.rejects(execute(applicationId, createMemoryLog(), { kind: 'earliest' }), /was not made by Millrace/)
})

test('a view that somebody built on our tables stops the reset, and nothing is changed', async () => {
  const { applicationId, log } = await worldAt(7)
  await database.query({ text: `create view public."of ${applicationId}" as select * from "${applicationId}".seen` })

  await assert.rejects(execute(applicationId, log, { kind: 'earliest' }), /depends on its tables/)
  assert.equal(await countOf(applicationId, 'seen'), 1)
})

test('an id that nobody used and an input that is not there are refused', async () => {
  const { applicationId, log } = await worldAt(7)
  const plan = async (id: string, inputTopics: string[]): Promise<ResetPlan> => await planReset({ applicationId: id, target: { kind: 'earliest' }, inputTopics }, { log, database })

  await assert.rejects(plan('nobody', []), /nothing to reset/)
  await assert.rejects(plan(applicationId, ['in', 'other']), /'other' not found/)
  await assert.rejects(plan(applicationId, [`${applicationId}-shuffle`]), /internal topic/)
})

test('Redis keys of the id go, its fences first', async () => {
  const { applicationId, log } = await worldAt(7)
  const keys = new Set([`{${applicationId}:0}:1:pop`, `{${applicationId}:0}:fence`, '{other:0}:fence'])
  const unlinked: string[] = []
  const redis: DeletableKeySpace = {
    async * scanStream ({ match }) {
      const [start = '', end = ''] = match.split('*}:')
      yield [...keys].filter(key => key.startsWith(start) && (end === '*' || key.endsWith(end)))
    },
    unlink: async names => {
      for (const name of names) if (keys.delete(name)) unlinked.push(name)
      return names.length
    }
  }

  const { deletedKeys } = await reset({ applicationId, target: { kind: 'earliest' }, inputTopics: [] }, { log, database, redis }, { force: false, planned () {} })

  assert.equal(deletedKeys, 2)
  assert.deepEqual(unlinked, [`{${applicationId}:0}:fence`, `{${applicationId}:0}:1:pop`])
})

test('lag is counted from the position in Postgres; after a reset from where the next run starts', async () => {
  const { applicationId, log } = await worldAt(7)

  const report = await readLag(applicationId, { log, database })
  await execute(applicationId, log, { kind: 'offset', offset: 4 })
  const afterwards = await readLag(applicationId, { log, database })

  assert.deepEqual(report.partitions.filter(({ topic }) => topic === 'in'), [
    { subTopology: 'in', topic: 'in', partition: 0, position: 7, endOffset: 10, lag: 3, groupOffset: null },
    { subTopology: null, topic: 'in', partition: 1, position: null, endOffset: 10, lag: null, groupOffset: null }
  ])
  assert.deepEqual(report.totals, { partitions: 2, lag: 3, withoutPosition: 1 })
  assert.deepEqual(afterwards.partitions.map(({ position, lag, groupOffset }) => [position, lag, groupOffset]), [[4, 6, 4], [4, 6, 4]])
})

/** An application that has read partition 0 of its input up to an offset, has a table and an internal topic. */
async function worldAt (offset: number): Promise<{ readonly applicationId: string, readonly log: Log }> {
  const applicationId = `world-${++worlds}`
  const log = createMemoryLog()
  await log.createTopics([{ name: 'in', partitions: 2 }, { name: `${applicationId}-shuffle`, partitions: 1 }])
  const producer = log.openProducer()
  for (const partition of [0, 1]) await producer.send(Array.from({ length: 10 }, () => ({ topic: 'in', partition, key: null, value: null, headers: [] })))
  const schema = await ensureEngineSchema(database, applicationId)
  const state = openPostgresState({ database, schema, owner: 'test', projected: false })
  await state.noteInputs(new Map([['in', 2]]))
  await state.takeOver([{ subTopology: 'in', partition: 0, offsets: { in: offset } }])
  await database.query({ text: `create table "${applicationId}".seen as select 1 as id` })
  await database.query({ text: `insert into "${applicationId}".millrace_catalogue values ('topic', $1)`, values: [`${applicationId}-shuffle`] })
  return { applicationId, log }
}

async function execute (applicationId: string, log: Log, target: ResetTarget, force = false): Promise<void> {
  await reset({ applicationId, target, inputTopics: [] }, { log, database }, { force, planned () {} })
}

/** What a worker that was given partition 0 begins with. */
async function startsIn (applicationId: string, log: Log, subTopology = 'in') {
  const schema = await ensureEngineSchema(database, applicationId)
  const state = openPostgresState({ database, schema, owner: 'test', projected: false })
  const noted = await state.noteInputs(new Map([['in', 2]]))
  return await startsOf([{ subTopology, partition: 0, topics: ['in'], writesInternal: false }], { applicationId, log, state, offsetReset: 'latest', noted, internalTopics: new Set() })
}

async function countOf (applicationId: string, table: string): Promise<number | undefined> {
  const [found] = await database.query({ text: 'select to_regclass($1) is not null', values: [`"${applicationId}".${table}`] })
  if (found?.[0] !== 't') return undefined
  const [row] = await database.query({ text: `select count(*) from "${applicationId}".${table}` })
  return Number(row?.[0])
}
