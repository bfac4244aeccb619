import assert from 'node:assert/strict'
import { openPostgresReader } from '../../streams/projection/postgres-reader.ts'
import { countsOf, rankingOf } from '../../streams/projection/state-reader.ts'
import { openPostgres } from '../../streams/state/postgres/database.ts'
import { openPostgresState } from '../../streams/state/postgres/postgres-state.ts'
import type { Change, StoreWrite } from '../../streams/state/state.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { freshApplicationId, integrationTest, servicesOrSkip } from '../helpers/services.ts'
import { createTestTables } from '../helpers/stores.ts'
import { stateReaderContract } from '../streams/projection/state-reader.contract.ts'
import { claimUnit } from '../helpers/units.ts'

stateReaderContract('postgres', async (t, changes) => {
  const services = await servicesOrSkip(t)
  if (services === undefined) return
  const applicationId = freshApplicationId(t, services)
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  t.after(async () => await database.close())
  const state = openPostgresState({ database, schema: await createTestTables(database, applicationId), owner: 'test', projected: false })
  const unit = await state.begin()
  await claimUnit(unit, [], [])
  await unit.write(changes.map(asWrite), [])
  return openPostgresReader({ database, applicationId })
})

function asWrite (change: Change): StoreWrite {
  switch (change.kind) {
    case 'counter': return { kind: 'counter', store: change.store, amounts: change.counts }
    case 'list': return { kind: 'list', store: change.store, changes: new Map([...change.values].map(([key, value]) => [key, { expected: 0, held: 0, value }])) }
    case 'keyed': return { kind: 'keyed', store: change.store, changes: new Map([...change.values].map(([key, { value }]) => [key, { expected: 0, value }])) }
  }
}

integrationTest('before there is a schema the error of Postgres says so, and the connection goes on', async (t, services) => {
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 1 })
  t.after(async () => await database.close())
  const reader = openPostgresReader({ database, applicationId: freshApplicationId(t, services) })

  await assert.rejects(reader.read([rankingOf(itemPopularity, { limit: 1 }), rankingOf(itemPopularity, { limit: 2 })]), { code: '42P01' })

  assert.deepEqual(await database.query({ text: 'select 1' }), [['1']])
})

integrationTest('a look sees one moment, whatever is written meanwhile', async (t, services) => {
  const applicationId = freshApplicationId(t, services)
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  t.after(async () => await database.close())
  await createTestTables(database, applicationId)
  const table = `"${applicationId}".item_popularity`
  await database.query({ text: `insert into ${table} (item_id, score) values ('a', 0)` })
  const session = await database.session()
  // Between any two statements of the look another session commits.
  const slowed = { ...database, session: async () => ({ ...session, query: betweenStatements(session.query, async () => await database.query({ text: `update ${table} set score = score + 1` })) }) }
  const reader = openPostgresReader({ database: slowed, applicationId })

  const [first, second, united] = await reader.read([rankingOf(itemPopularity, { limit: 1 }), rankingOf(itemPopularity, { limit: 1 }), countsOf(itemPopularity, { unionOf: [0] })])

  assert.deepEqual(first, second)
  assert.deepEqual([...united], [['a', first[0]?.count]])
  const [[now] = []] = await database.query({ text: `select score from ${table}` })
  assert.ok(Number(now) > (first[0]?.count ?? Infinity))
})

/** Sends one statement after the other, with something done after each. */
function betweenStatements<A, R> (query: (statement: A) => Promise<R>, between: () => Promise<unknown>): (statement: A) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve()
  return async statement => {
    const answer = last.then(async () => await query(statement))
    last = answer.then(between, () => {})
    return await answer
  }
}
