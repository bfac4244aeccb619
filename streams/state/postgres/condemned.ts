import type { CondemnedRecord, TaskId } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, quote } from './sql.ts'

/** Records that made a node run for ever: written by a watchdog, read when a task is taken over, gone with the unit that moves past them. */
export function condemnedTable (schema: string): string {
  return `create table ${schema}.millrace_poison (
    topic text collate "C",
    partition integer,
    "offset" bigint,
    sub_topology text collate "C" not null,
    node text not null,
    found_at timestamptz not null default now(),
    primary key (topic, partition, "offset")
  )`
}

/**
 * Only where nobody has moved past the record. Whose the task is does not matter: who stands still longer than a session has
 * lost it already, and the next owner would stand still as long, lose it too, and so on.
 */
export function condemn (applicationId: string, sameGeneration: string, { topic, partition, offset, subTopology, node }: CondemnedRecord): Statement {
  const schema = quote(applicationId)
  return {
    text: `insert into ${schema}.millrace_poison (topic, partition, "offset", sub_topology, node)
      select $1, $2, $3, $4, $5 from ${schema}.millrace_tasks
      where sub_topology = $4 and partition = $2 and (offsets ->> $1)::bigint <= $3 and ${sameGeneration}
      on conflict (topic, partition, "offset") do update set node = excluded.node
      returning topic`,
    values: [topic, partition, offset, subTopology, node]
  }
}

export function findCondemned (applicationId: string, tasks: readonly TaskId[]): Statement {
  return {
    text: `select p.topic, p.partition, p."offset", p.sub_topology, p.node, (extract(epoch from p.found_at) * 1000)::bigint
      from ${quote(applicationId)}.millrace_poison as p join unnest($1::text[], $2::integer[]) as wanted (sub_topology, partition) using (sub_topology, partition)`,
    values: [encodeArray('text', tasks.map(({ subTopology }) => subTopology)), encodeArray('integer', tasks.map(({ partition }) => partition))]
  }
}

export function condemnedOf ([topic, partition, offset, subTopology, node, foundAt]: TextRow): CondemnedRecord & { readonly foundAtMs: number } {
  return { topic: topic ?? '', partition: Number(partition), offset: Number(offset), subTopology: subTopology ?? '', node: node ?? '', foundAtMs: Number(foundAt) }
}

export function forgetCondemned (applicationId: string, records: readonly { readonly topic: string, readonly partition: number, readonly offset: number }[]): Statement {
  return {
    text: `delete from ${quote(applicationId)}.millrace_poison as p using unnest($1::text[], $2::integer[], $3::bigint[]) as passed (topic, partition, "offset")
      where p.topic = passed.topic and p.partition = passed.partition and p."offset" = passed."offset"`,
    values: [
      encodeArray('text', records.map(({ topic }) => topic)),
      encodeArray('integer', records.map(({ partition }) => partition)),
      encodeArray('bigint', records.map(({ offset }) => offset))
    ]
  }
}
