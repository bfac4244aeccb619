import type { Database, Session } from './database.ts'
import { encodeArray, quote } from './sql.ts'

/** Progress of a task, by its name `<sub-topology>/<partition>`. */
export type TaskUnit = readonly [task: string, unit: number]

export interface OutboxRow {
  readonly id: number
  readonly tasks: readonly TaskUnit[]
  /** Changed keys by store. */
  readonly changes: Readonly<Record<string, readonly string[]>>
}

/**
 * Per task the last unit that nobody has to project any more: those in the outbox are still to come. One statement, so
 * that no unit is missed between two looks.
 */
export async function explainedUnits (on: Pick<Database, 'query'>, applicationId: string): Promise<TaskUnit[]> {
  const schema = quote(applicationId)
  const rows = await on.query({
    text: `select t.sub_topology || '/' || t.partition, least(t.unit, coalesce(waiting.unit - 1, t.unit))
      from ${schema}.millrace_tasks t
      left join (
        select each->>0 as sub_topology, (each->>1)::integer as partition, min((each->>2)::bigint) as unit
        from ${schema}.millrace_outbox, jsonb_array_elements(tasks::jsonb) as each group by 1, 2
      ) waiting using (sub_topology, partition)`
  })
  return rows.map(([task, unit]) => [task ?? '', Number(unit)])
}

/** The oldest rows that have been waiting for a while, locked: two processes never project the same ones at once. */
export async function lockOutbox (session: Session, applicationId: string, { olderThanMs, limit }: { readonly olderThanMs: number, readonly limit: number }): Promise<OutboxRow[]> {
  const rows = await session.query({
    text: `select id, tasks, changes from ${quote(applicationId)}.millrace_outbox
      where made_at < clock_timestamp() - $1 * interval '1 millisecond' order by id limit $2 for update skip locked`,
    values: [olderThanMs, limit]
  })
  return rows.map(([id, tasks, changes]) => {
    const parsed: [string, number, number][] = JSON.parse(tasks ?? '[]')
    return { id: Number(id), tasks: parsed.map(([subTopology, partition, unit]) => [`${subTopology}/${partition}`, unit]), changes: JSON.parse(changes ?? '{}') }
  })
}

export async function deleteOutbox (on: Pick<Database, 'query'>, applicationId: string, ids: readonly number[]): Promise<void> {
  await on.query({ text: `delete from ${quote(applicationId)}.millrace_outbox where id = any($1::bigint[])`, values: [encodeArray('bigint', ids)] })
}

/** Keeps the outbox bounded while the projection is away: what is let go here shows as a gap, and the projection is built anew. */
export async function trimOutbox (on: Pick<Database, 'query'>, applicationId: string, keep: number): Promise<number> {
  const outbox = `${quote(applicationId)}.millrace_outbox`
  const rows = await on.query({ text: `delete from ${outbox} where id <= (select id from ${outbox} order by id desc offset $1 limit 1) returning id`, values: [keep] })
  return rows.length
}
