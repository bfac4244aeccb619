import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { openPostgres, type Database } from '../../streams/state/postgres/database.ts'
import type { EngineSchema } from '../../streams/state/postgres/engine-schema.ts'
import { findLists, moveLists } from '../../streams/state/postgres/list-sql.ts'
import { openPostgresState } from '../../streams/state/postgres/postgres-state.ts'
import { findRows } from '../../streams/state/postgres/rows-sql.ts'
import type { State } from '../../streams/state/state.ts'
import { eventLog } from '../../stores/event-log.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'
import { freshApplicationId, integrationTest, servicesOrSkip, type Services } from '../helpers/services.ts'
import { createTestTables } from '../helpers/stores.ts'
import { readTable } from '../helpers/tables.ts'
import { add, commit, databaseStateContract, event, held, isStateError, list, lists, rows, stateContract, type StateFactory } from '../streams/state/state.contract.ts'
import { claimUnit } from '../helpers/units.ts'

const openState: StateFactory = async t => {
  const services = await servicesOrSkip(t)
  return services === undefined ? undefined : await openWorld(t, services)
}

stateContract('postgres', openState)
databaseStateContract('postgres', openState)

integrationTest('of two units at once on one task the second waits, then loses', async (t, services) => {
  const { state } = await openWorld(t, services)
  const position = await held({ state })
  const first = await state.begin()
  const second = await state.begin()
  await claimUnit(first, [position], [])

  const late = claimUnit(second, [position], [])
  await first.write([add(itemPopularity, { a: 1 })], [])

  assert.deepEqual((await late).lost.map(({ partition }) => partition), [position.partition])
  await second.rollback()
})

integrationTest('of two units at once that decide on one row the second is told of the conflict', async (t, services) => {
  const { state } = await openWorld(t, services)
  const first = await state.begin()
  const second = await state.begin()
  await claimUnit(first, [], [rows(eventLog, [event('e1')], ['e1'])])

  const late = claimUnit(second, [], [rows(eventLog, [event('e1')], ['e1'])])
  await first.write([], [])

  assert.deepEqual((await late).conflicts, [{ store: eventLog, keys: ['e1'] }])
  await second.rollback()
})

integrationTest('a position is told only when the unit that moves it has ended', async (t, services) => {
  const { state } = await openWorld(t, services)
  const position = await held({ state })
  const unit = await state.begin()
  await claimUnit(unit, [{ ...position, offsets: { watches: 8 } }], [])

  const asked = state.positions([position])
  await unit.write([], [])

  assert.deepEqual((await asked).map(({ unit, offsets }) => [unit, offsets.watches]), [[1, 8]])
})

integrationTest('after a reset the old generation loses everything and takes nothing over', async (t, services) => {
  const { state, database, schema } = await openWorld(t, services)
  const position = await held({ state })
  await database.query({ text: `update "${schema.applicationId}".millrace_application set generation = gen_random_uuid()` })

  const unit = await state.begin()
  const { lost } = await claimUnit(unit, [position], [])
  await unit.rollback()

  assert.deepEqual(lost.map(({ partition }) => partition), [position.partition])
  await assert.rejects(state.takeOver([{ ...position }]), isStateError('fatal'))
})

integrationTest('a commit that was sent and not answered has an unknown outcome, whether it happened or not', async (t, services) => {
  for (const happens of [true, false]) {
    const { state, database, schema } = await openWorld(t, services)
    const position = await held({ state })
    const cut = openPostgresState({ database: cutAtCommit(database, happens), schema, owner: 'test', projected: false })

    const unit = await cut.begin()
    await claimUnit(unit, [position], [])
    await assert.rejects(unit.write([add(itemPopularity, { a: 1 })], []), isStateError('unknown'))

    assert.equal((await state.positions([position]))[0]?.unit, happens ? 1 : 0)
    assert.equal((await commit({ state }, [{ ...position, unit: happens ? 1 : 0 }])).outcome, 'committed')
  }
})

integrationTest('a session that the server ends in the middle of a unit is an outage', async (t, services) => {
  const { state, database } = await openWorld(t, services)
  const position = await held({ state })
  const unit = await state.begin()
  await claimUnit(unit, [position], [])
  await database.query({ text: "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and state = 'idle in transaction'", values: [applicationName] })

  await assert.rejects(unit.write([add(itemPopularity, { a: 1 })], []), isStateError('outage'))

  assert.equal((await commit({ state }, [position])).outcome, 'committed')
})

integrationTest('a lock that is not given in time is an outage', async (t, services) => {
  const { state } = await openWorld(t, services, { lockTimeoutMs: 50 })
  const position = await held({ state })
  const holder = await state.begin()
  await claimUnit(holder, [position], [])
  const unit = await state.begin()

  await assert.rejects(claimUnit(unit, [position], []), isStateError('outage'))

  await holder.rollback()
})

integrationTest('a server that refuses the connection is an outage', async t => {
  const database = openPostgres({ url: 'postgres://postgres@127.0.0.1:1/postgres', applicationName: 'millrace-tests', maxConnections: 1 })
  t.after(async () => await database.close())
  const state = openPostgresState({ database, schema: { applicationId: 'nowhere', generation: randomUUID() }, owner: 'test', projected: false })

  await assert.rejects(state.begin(), isStateError('outage'))
  await assert.rejects(state.positions([]), isStateError('outage'))
})

integrationTest('a role that does not exist is fatal', async (t, services) => {
  const url = new URL(services.postgres)
  url.username = `nobody_${randomUUID().slice(0, 8)}`
  const database = openPostgres({ url: url.href, applicationName: 'millrace-tests', maxConnections: 1 })
  t.after(async () => await database.close())
  const state = openPostgresState({ database, schema: { applicationId: 'nowhere', generation: randomUUID() }, owner: 'test', projected: false })

  await assert.rejects(state.positions([]), isStateError('fatal'))
})

integrationTest('a unit leaves one outbox row with the keys it changed, in place of those that were applied', async (t, services) => {
  const { state, database, schema } = await openWorld(t, services, { projected: true })
  const position = await held({ state })
  const outbox = async () => (await database.query({ text: `select id, tasks, changes from "${schema.applicationId}".millrace_outbox order by id` })).map(row => [Number(row[0]), JSON.parse(row[1] ?? ''), JSON.parse(row[2] ?? '')])

  const written = await commit({ state }, [position], [add(itemPopularity, { a: 1 })])
  const id = written.outcome === 'committed' ? written.outboxId ?? -1 : -1
  assert.deepEqual(await outbox(), [[id, [['watches', 3, 1]], { item_popularity: ['a'] }]])

  const unit = await state.begin()
  await claimUnit(unit, [{ ...position, unit: 1 }], [])
  await unit.write([], [id])

  assert.deepEqual((await outbox()).map(row => row.slice(1)), [[[['watches', 3, 2]], {}]])
})

// Planned for its first units, a statement that read all of an empty table would go on to do so when it is large.
integrationTest('what looks keys up in a table that is empty is planned over its index', async (t, services) => {
  const { database, schema: { applicationId } } = await openWorld(t, services)
  const keys = Array.from({ length: 2_000 }, (_, user) => `u${user}`)
  const { move, fill } = moveLists(applicationId, lists(userHistory, Object.fromEntries(keys.map(key => [key, [20, list(21, 'b', 'a')]]))))
  const [, forgetting] = fill

  for (const statement of [...move, ...forgetting === undefined ? [] : [forgetting], findLists(applicationId, userHistory, keys), findRows(applicationId, eventLog, keys)]) {
    const plan = (await database.query({ text: `explain ${statement.text}`, values: statement.values ?? [] })).flat().join('\n')
    assert.match(plan, /Index/, statement.text)
    assert.doesNotMatch(plan, /Seq Scan/, statement.text)
  }
})

const applicationName = `millrace-tests-${process.pid}`

interface World {
  readonly state: State
  readonly database: Database
  readonly schema: EngineSchema
  readonly table: NonNullable<Awaited<ReturnType<StateFactory>>>['table']
}

async function openWorld (t: TestContext, services: Services, { projected = false, lockTimeoutMs = 10_000 }: { projected?: boolean, lockTimeoutMs?: number } = {}): Promise<World> {
  const applicationId = freshApplicationId(t, services)
  const database = openPostgres({ url: services.postgres, applicationName, maxConnections: 4, lockTimeoutMs, byIndex: true })
  t.after(async () => await database.close())
  const schema = await createTestTables(database, applicationId)
  return {
    database,
    schema,
    state: openPostgresState({ database, schema, owner: 'test', projected }),
    table: async store => await readTable(database, applicationId, store)
  }
}

/** A network that ends just before or just behind the commit. */
function cutAtCommit (database: Database, happens: boolean): Database {
  return {
    ...database,
    async session () {
      const session = await database.session()
      return {
        ...session,
        async query (statement) {
          if (statement.text !== 'commit') return await session.query(statement)
          if (happens) await session.query(statement)
          throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
        }
      }
    }
  }
}
