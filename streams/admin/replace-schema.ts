import { FatalError } from '../errors.ts'
import type { Session } from '../state/postgres/database.ts'
import { createEngineSchema } from '../state/postgres/engine-schema.ts'
import { encodeArray, quote } from '../state/postgres/sql.ts'
import { INTERNAL_TOPIC } from './inventory.ts'
import type { ResetPlan } from './reset-plan.ts'

/**
 * Drops the schema and makes it anew, with the planned starts, in one transaction. Topics that are still to be deleted stay
 * in the catalogue: a reset that dies before it has deleted them is not the last that knows of them.
 */
export async function replaceSchema (session: Session, plan: ResetPlan): Promise<void> {
  const schema = quote(plan.applicationId)
  await session.query({ text: 'begin' })
  try {
    if (plan.hasSchema) await dropSchema(session, plan.applicationId)
    await createEngineSchema(session, plan.applicationId)
    const counts = [...[...Map.groupBy(plan.positions, ({ topic }) => topic)].map(([topic, { length }]) => [topic, length] as const), ...plan.patterns.map(id => [id, 0] as const)]
    await session.query({
      text: `insert into ${schema}.millrace_inputs (topic, partitions) select * from unnest($1::text[], $2::integer[])`,
      values: [encodeArray('text', counts.map(([topic]) => topic)), encodeArray('integer', counts.map(([, count]) => count))]
    })
    await session.query({
      text: `insert into ${schema}.millrace_starts (topic, partition, "offset") select * from unnest($1::text[], $2::integer[], $3::bigint[])`,
      values: [
        encodeArray('text', plan.positions.map(({ topic }) => topic)),
        encodeArray('integer', plan.positions.map(({ partition }) => partition)),
        encodeArray('bigint', plan.positions.map(({ newPosition }) => newPosition))
      ]
    })
    await session.query({
      text: `insert into ${schema}.millrace_catalogue (kind, name) select $1, unnest($2::text[])`,
      values: [INTERNAL_TOPIC, encodeArray('text', plan.internalTopics)]
    })
    await session.query({ text: 'commit' })
  } catch (error) {
    await session.query({ text: 'rollback' }).catch(() => {})
    throw explained(error, plan.applicationId)
  }
}

export async function forgetTopics (session: Session, applicationId: string, topics: readonly string[]): Promise<void> {
  await session.query({
    text: `delete from ${quote(applicationId)}.millrace_catalogue where kind = $1 and name = any($2::text[])`,
    values: [INTERNAL_TOPIC, encodeArray('text', topics)]
  })
}

/** Relations by name and without `cascade`, so that a view somebody built on them elsewhere stops the reset instead of vanishing. */
async function dropSchema (session: Session, applicationId: string): Promise<void> {
  const relations = await session.query({
    text: "select c.relkind, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('v', 'm', 'r', 'p')",
    values: [applicationId]
  })
  for (const [what, kinds] of [['view', 'v'], ['materialized view', 'm'], ['table', 'rp']] as const) {
    const names = relations.flatMap(([kind, name]) => kinds.includes(kind ?? '') ? [`${quote(applicationId)}.${quote(name ?? '')}`] : [])
    if (names.length > 0) await session.query({ text: `drop ${what} ${names.join(', ')}` })
  }
  // What is left belongs to the tables that are gone: sequences, functions, types.
  await session.query({ text: `drop schema ${quote(applicationId)} cascade` })
}

function explained (error: unknown, applicationId: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === '2BP01') {
    const detail = 'detail' in error ? ` (${String(error.detail).replaceAll('\n', '; ')})` : ''
    return new FatalError(`Something outside schema '${applicationId}' depends on its tables${detail}; nothing was changed. Drop it, then reset again.`, { cause: error })
  }
  if (error.code === '55P03') {
    return new FatalError(`Tables of schema '${applicationId}' are locked by another session, so they could not be dropped; nothing was changed. Look for it in pg_stat_activity, then reset again.`, { cause: error })
  }
  return error
}
