import type { LogHeader } from '../../log/log.ts'
import type { ParkedPlace, ParkedRow, ParkedWrite, TaskId } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { bytesOf, encodeArray, quote, rowsOf, type Element } from './sql.ts'

/** Records that wait for another attempt, and behind each the later ones of its lane: written with the unit that moves past them. */
export function parkedTable (schema: string): string {
  return `create table ${schema}.millrace_parked (
    sub_topology text collate "C",
    partition integer,
    lane bytea,
    seq bigint,
    due_at_ms bigint not null,
    attempts integer not null,
    first_failed_at_ms bigint not null,
    origin text not null,
    topic text collate "C" not null,
    record_partition integer not null,
    "offset" bigint not null,
    timestamp bigint not null,
    key bytea,
    value bytea,
    headers jsonb not null,
    primary key (sub_topology, partition, seq)
  )`
}

/** Which there are, the first of each lane before the others. */
export function findParked (applicationId: string, tasks: readonly TaskId[]): Statement {
  return {
    text: `select p.sub_topology, p.partition, p.lane, p.seq, p.due_at_ms
      from ${tableOf(applicationId)} as p join unnest($1::text[], $2::integer[]) as wanted (sub_topology, partition) using (sub_topology, partition)
      order by p.seq`,
    values: taskArrays(tasks)
  }
}

export function countParked (applicationId: string): Statement {
  return { text: `select sub_topology, count(*) from ${tableOf(applicationId)} group by sub_topology`, values: [] }
}

export function parkedPlaceOf ([subTopology, partition, lane, seq, dueAtMs]: TextRow): ParkedPlace {
  return { subTopology: subTopology ?? '', partition: Number(partition), lane: bytesOf(lane).toString('latin1'), seq: Number(seq), dueAtMs: Number(dueAtMs) }
}

export function loadParked (applicationId: string, places: readonly (TaskId & { readonly seq: number })[]): Statement {
  return {
    prepared: true,
    text: `select p.sub_topology, p.partition, p.lane, p.seq, p.due_at_ms, p.attempts, p.first_failed_at_ms, p.origin, p.topic, p.record_partition, p."offset", p.timestamp, p.key, p.value, p.headers::text
      from ${tableOf(applicationId)} as p join unnest($1::text[], $2::integer[], $3::bigint[]) as wanted (sub_topology, partition, seq) using (sub_topology, partition, seq)`,
    values: [...taskArrays(places), encodeArray('bigint', places.map(({ seq }) => seq))]
  }
}

export function parkedRowOf (row: TextRow): ParkedRow {
  return {
    ...parkedPlaceOf(row),
    attempts: Number(row[5]),
    firstFailedAtMs: Number(row[6]),
    origin: row[7] ?? '',
    record: {
      topic: row[8] ?? '',
      partition: Number(row[9]),
      offset: Number(row[10]),
      timestamp: Number(row[11]),
      key: row[12] === null ? null : bytesOf(row[12]),
      value: row[13] === null ? null : bytesOf(row[13]),
      headers: readHeaders(row[14] ?? '[]')
    }
  }
}

/** A place occurs once, among the puts or the deletes. */
export function writeParked (applicationId: string, { puts, deletes }: ParkedWrite): Statement[] {
  return [
    ...deletes.length === 0
      ? []
      : [{
          prepared: true,
          text: `delete from ${tableOf(applicationId)} as p using unnest($1::text[], $2::integer[], $3::bigint[]) as done (sub_topology, partition, seq)
            where p.sub_topology = done.sub_topology and p.partition = done.partition and p.seq = done.seq`,
          values: [...taskArrays(deletes), encodeArray('bigint', deletes.map(({ seq }) => seq))]
        }],
    ...puts.length === 0 ? [] : [insertParked(applicationId, puts)]
  ]
}

const COLUMNS = {
  sub_topology: ['text', row => row.subTopology],
  partition: ['integer', row => row.partition],
  lane: ['bytea', row => row.lane],
  seq: ['bigint', row => row.seq],
  due_at_ms: ['bigint', row => row.dueAtMs],
  attempts: ['integer', row => row.attempts],
  first_failed_at_ms: ['bigint', row => row.firstFailedAtMs],
  origin: ['text', row => row.origin],
  topic: ['text', row => row.record.topic],
  record_partition: ['integer', row => row.record.partition],
  offset: ['bigint', row => row.record.offset],
  timestamp: ['bigint', row => row.record.timestamp],
  key: ['bytea', row => row.record.key],
  value: ['bytea', row => row.record.value],
  headers: ['jsonb', row => JSON.stringify(row.record.headers.map(([name, value]) => [name, value?.toString('base64') ?? null]))]
} as const satisfies Readonly<Record<string, readonly ['text' | 'integer' | 'bigint' | 'bytea' | 'jsonb', (row: ParkedRow) => Element]>>

/** What is parked again stays where it is; its headers say which attempt it comes from. */
function insertParked (applicationId: string, rows: readonly ParkedRow[]): Statement {
  const columns = Object.entries(COLUMNS)
  const names = columns.map(([name]) => quote(name)).join(', ')
  return {
    prepared: true,
    text: `insert into ${tableOf(applicationId)} (${names})
      ${rowsOf(columns.map(([, [type]]) => type))}
      on conflict (sub_topology, partition, seq) do update set due_at_ms = excluded.due_at_ms, attempts = excluded.attempts, first_failed_at_ms = excluded.first_failed_at_ms, headers = excluded.headers`,
    values: columns.map(([, [type, of]]) => encodeArray(type, rows.map((row): Element => of(row))))
  }
}

function readHeaders (text: string): LogHeader[] {
  // Written by `insertParked`, and by nobody else.
  const parsed = JSON.parse(text) as readonly (readonly [string, string | null])[]
  return parsed.map(([name, value]) => [name, value === null ? null : Buffer.from(value, 'base64')])
}

function tableOf (applicationId: string): string {
  return `${quote(applicationId)}.millrace_parked`
}

function taskArrays (tasks: readonly TaskId[]): Buffer[] {
  return [encodeArray('text', tasks.map(({ subTopology }) => subTopology)), encodeArray('integer', tasks.map(({ partition }) => partition))]
}
