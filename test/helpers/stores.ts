import type { Database } from '../../streams/state/postgres/database.ts'
import { ensureEngineSchema, type EngineSchema } from '../../streams/state/postgres/engine-schema.ts'
import { migrate } from '../../streams/state/postgres/migrate.ts'
import Type from 'typebox'
import { column, defineKeyed, defineList, defineOrdered, defineRows, nullable, serdes } from '../../streams/index.ts'

/** Stores of shapes that the recommender has no use for, so that contract suites can run over all shapes. */
export const profiles = defineKeyed({ name: 'profiles', key: ['key'], value: Type.Unknown() })

export const shelves = defineKeyed({ name: 'shelves', key: ['user_id', 'shelf'], value: Type.Object({ items: Type.Array(Type.String()) }) })

/** Every column type, as it is and nullable. */
export const samples = defineRows({
  name: 'samples',
  key: ['id'],
  columns: {
    id: column('bigint'),
    a_text: column('text'),
    a_bigint: column('bigint'),
    an_integer: column('integer'),
    a_double: column('double precision'),
    a_boolean: column('boolean'),
    a_jsonb: column('jsonb'),
    a_time: column('timestamptz'),
    no_text: nullable('text'),
    no_bigint: nullable('bigint'),
    no_integer: nullable('integer'),
    no_double: nullable('double precision'),
    no_boolean: nullable('boolean'),
    no_jsonb: nullable('jsonb'),
    no_time: nullable('timestamptz')
  }
})

/** A list whose key has two columns and whose entries hold nulls. */
export const visits = defineList({
  name: 'visits',
  key: ['user_id', 'site'],
  position: 'nth',
  entry: { page: nullable('text'), seconds: column('double precision'), data: nullable('jsonb') }
})

export const buckets = defineOrdered({ name: 'buckets', value: serdes.json })

/** The recommender's tables and those of the stores above, in the application's schema. */
export async function createTestTables (database: Database, applicationId: string): Promise<EngineSchema> {
  const schema = await ensureEngineSchema(database, applicationId)
  await migrate(database, applicationId, new URL('../../migrations/recommender', import.meta.url).pathname)
  for (const table of TABLES) await database.query({ text: `create table "${applicationId}".${table}` })
  return schema
}

const TABLES = [
  'profiles (key text collate "C" primary key, value jsonb not null, version bigint not null)',
  'shelves (user_id text collate "C", shelf text collate "C", value jsonb not null, version bigint not null, primary key (user_id, shelf))',
  `samples (
    id bigint primary key, a_text text collate "C" not null, a_bigint bigint not null, an_integer integer not null,
    a_double double precision not null, a_boolean boolean not null, a_jsonb jsonb not null, a_time timestamptz not null,
    no_text text, no_bigint bigint, no_integer integer, no_double double precision, no_boolean boolean, no_jsonb jsonb, no_time timestamptz
  )`,
  'visits (user_id text collate "C", site text collate "C", nth bigint, page text, seconds double precision not null, data jsonb, primary key (user_id, site, nth))',
  'visits_newest (user_id text collate "C", site text collate "C", nth bigint not null, primary key (user_id, site))'
]
