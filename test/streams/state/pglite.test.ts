import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openPglite } from '../../../streams/state/pglite.ts'
import type { Database } from '../../../streams/state/postgres/database.ts'
import { ensureEngineSchema } from '../../../streams/state/postgres/engine-schema.ts'
import { openPostgresState } from '../../../streams/state/postgres/postgres-state.ts'
import { encodeArray } from '../../../streams/state/postgres/sql.ts'
import { defineOrdered, serdes } from '../../../streams/index.ts'
import { createTestTables } from '../../helpers/stores.ts'
import { readTable } from '../../helpers/tables.ts'
import { databaseStateContract, held, stateContract, type StateFactory } from './state.contract.ts'

/** One for all tests, which keep apart by their schemas: it takes seconds to start. */
let database: Database
let worlds = 0

before(async () => { database = await openPglite() })
after(async () => await database.close())

const openState: StateFactory = async () => {
  const applicationId = `world-${++worlds}`
  const schema = await createTestTables(database, applicationId)
  return {
    state: openPostgresState({ database, schema, owner: 'test', projected: true }),
    table: async store => await readTable(database, applicationId, store)
  }
}

stateContract('pglite', openState)
databaseStateContract('pglite', openState)

test('pglite: where entries go by their time there is an index on it, and nowhere else, as it would be written with every value', async () => {
  const applicationId = `world-${++worlds}`
  const state = openPostgresState({ database, schema: await ensureEngineSchema(database, applicationId), owner: 'test', projected: true })

  await state.ensureStores([defineOrdered({ name: 'windows', value: serdes.json }), defineOrdered({ name: 'rows', value: serdes.json, expires: false })])

  const indexes = await database.query({ text: 'select tablename, indexdef from pg_indexes where schemaname = $1 order by 1, 2', values: [applicationId] })
  const columnsOf = (table: string) => indexes.filter(([name]) => name === table).map(([, text]) => /\(.*\)/.exec(text ?? '')?.[0])
  assert.deepEqual(columnsOf('windows'), ['(partition, "time")', '(partition, key)'])
  assert.deepEqual(columnsOf('rows'), ['(partition, key)'])
})

test('pglite: statements sent together are answered in order, also behind an error', async () => {
  const session = await database.session()

  const answers = await Promise.allSettled([
    session.query({ text: 'begin' }),
    session.query({ text: 'select * from unnest($1::text[])', values: [encodeArray('text', ['a', 'é\u{1f600}', null, ''])], prepared: true }),
    session.query({ text: 'select 1 / $1::integer', values: [0] }),
    session.query({ text: 'select 2' }),
    session.query({ text: 'rollback' }),
    session.query({ text: 'select 3', prepared: true })
  ])
  session.release(false)

  assert.deepEqual(answers.map(answer => answer.status === 'fulfilled' ? answer.value : answer.reason.code), [
    [], [['a'], ['é\u{1f600}'], [null], ['']], '22012', '25P02', [], [['3']]
  ])
})

for (const texts of [[], [null], [''], ['a', '', null, 'bcd', null], ['é', null, 'a', '', '\u{1f600}', 'ü\u0001z'], ['x'.repeat(9_000), 'ß'.repeat(9_000), null]]) {
  test(`pglite: texts come back as they were sent: ${JSON.stringify(texts).slice(0, 60)}`, async () => {
    assert.deepEqual(await database.query({ text: 'select * from unnest($1::text[])', values: [encodeArray('text', texts)] }), texts.map(text => [text]))
  })
}

test('pglite: a session thrown away in the middle of a transaction does not spoil the next', async () => {
  const session = await database.session()
  await session.query({ text: 'begin' })
  await session.query({ text: 'create table half_done ()' })
  await session.query({ text: 'select 4', prepared: true })
  session.release(true)

  assert.deepEqual(await database.query({ text: "select to_regclass('half_done')" }), [[null]])
  assert.deepEqual(await database.query({ text: 'select 4', prepared: true }), [['4']])
})

test('pglite: what was committed to a directory is there after a restart', async t => {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-pglite-'))
  t.after(async () => await rm(dataDir, { recursive: true }))
  const first = await openPglite({ dataDir })
  await first.query({ text: 'create table kept as select 5 as n' })
  await first.close()

  const second = await openPglite({ dataDir })
  t.after(async () => await second.close())

  assert.deepEqual(await second.query({ text: 'select n from kept' }), [['5']])
})

test('pglite: a schema that an older version made is given the table and the column it lacks, and keeps its generation', async () => {
  const { generation } = await createTestTables(database, 'made-before')
  await database.query({ text: 'drop table "made-before".millrace_poison' })
  await database.query({ text: 'alter table "made-before".millrace_tasks drop column times' })

  const schema = await ensureEngineSchema(database, 'made-before')

  const state = openPostgresState({ database, schema, owner: 'test', projected: true })
  assert.equal(schema.generation, generation)
  assert.deepEqual(await state.condemned([{ subTopology: 'watches', partition: 0 }]), [])
  assert.deepEqual((await held({ state })).times, {})
})
