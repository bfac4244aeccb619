import type { AbortedUnit, TaskId, TaskUnits } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, quote } from './sql.ts'

/**
 * What readers of internal topics need to know beside the positions: the last unit of each epoch that has ended (`closed`), and
 * how many attempts at a unit came to nothing. Rows go when nobody can ask for their epoch any more.
 */
export function unitsTable (schema: string): string {
  return `create table ${schema}.millrace_units (
    sub_topology text collate "C",
    partition integer,
    epoch bigint,
    unit bigint,
    closed boolean,
    attempts integer not null,
    primary key (sub_topology, partition, epoch, unit, closed)
  )`
}

/** Within a takeover whose raised rows are called `moved` and whose `start` says who writes internal topics. */
export function closeEpochs (applicationId: string): string {
  return `insert into ${quote(applicationId)}.millrace_units (sub_topology, partition, epoch, unit, closed, attempts)
    select sub_topology, partition, moved.epoch - 1, moved.unit, true, 0 from moved join start using (sub_topology, partition)
    where start.writes_internal and moved.epoch > 1`
}

/** As one statement sees it: a task's units and its epoch belong together. */
export function findUnits (applicationId: string, tasks: readonly TaskId[]): Statement {
  const schema = quote(applicationId)
  return {
    prepared: true,
    text: `select t.sub_topology, t.partition, t.epoch, t.unit, (
        select json_agg(json_build_array(u.epoch, u.unit, u.closed, u.attempts))::text
        from ${schema}.millrace_units u where u.sub_topology = t.sub_topology and u.partition = t.partition
      )
      from ${schema}.millrace_tasks t join unnest($1::text[], $2::integer[]) as wanted (sub_topology, partition) using (sub_topology, partition)`,
    values: [encodeArray('text', tasks.map(({ subTopology }) => subTopology)), encodeArray('integer', tasks.map(({ partition }) => partition))]
  }
}

export function unitsOf ([subTopology, partition, epoch, unit, rows]: TextRow): TaskUnits {
  const units: [epoch: number, unit: number, closed: boolean, attempts: number][] = JSON.parse(rows ?? '[]')
  return {
    subTopology: subTopology ?? '',
    partition: Number(partition),
    epoch: Number(epoch),
    unit: Number(unit),
    closed: units.flatMap(([epoch, unit, closed]) => closed ? [{ epoch, unit }] : []),
    aborted: units.flatMap(([epoch, unit, closed, attempts]) => closed ? [] : [{ epoch, unit, attempts }])
  }
}

/** Only for tasks that stand before this unit; the last word counts where the unit's own commit has been faster. */
export function noteAborted (applicationId: string, sameGeneration: string, units: readonly AbortedUnit[]): Statement {
  const schema = quote(applicationId)
  return {
    text: `${insertAborted(schema)} join ${schema}.millrace_tasks t using (sub_topology, partition)
      where t.epoch = aborted.epoch and t.unit = aborted.unit - 1 and ${sameGeneration} ${KEEP_GREATEST}`,
    values: valuesOf(units)
  }
}

/** In the transaction that has moved the positions past these units. */
export function claimAborted (applicationId: string, units: readonly AbortedUnit[]): Statement {
  return { text: `${insertAborted(quote(applicationId))} ${KEEP_GREATEST}`, values: valuesOf(units) }
}

function insertAborted (schema: string): string {
  return `insert into ${schema}.millrace_units as u (sub_topology, partition, epoch, unit, closed, attempts)
    select sub_topology, partition, aborted.epoch, aborted.unit, false, aborted.attempts
    from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::integer[]) as aborted (sub_topology, partition, epoch, unit, attempts)`
}

const KEEP_GREATEST = 'on conflict (sub_topology, partition, epoch, unit, closed) do update set attempts = greatest(u.attempts, excluded.attempts)'

function valuesOf (units: readonly AbortedUnit[]): Buffer[] {
  return [
    encodeArray('text', units.map(({ subTopology }) => subTopology)),
    encodeArray('integer', units.map(({ partition }) => partition)),
    encodeArray('bigint', units.map(({ epoch }) => epoch)),
    encodeArray('bigint', units.map(({ unit }) => unit)),
    encodeArray('integer', units.map(({ attempts }) => attempts))
  ]
}

export function forgetEpochs (applicationId: string, epochs: readonly (TaskId & { readonly epoch: number })[]): Statement {
  const schema = quote(applicationId)
  return {
    text: `delete from ${schema}.millrace_units u using unnest($1::text[], $2::integer[], $3::bigint[]) as passed (sub_topology, partition, epoch), ${schema}.millrace_tasks t
      where u.sub_topology = passed.sub_topology and u.partition = passed.partition and u.epoch = passed.epoch
        and t.sub_topology = u.sub_topology and t.partition = u.partition and t.epoch > u.epoch`,
    values: [
      encodeArray('text', epochs.map(({ subTopology }) => subTopology)),
      encodeArray('integer', epochs.map(({ partition }) => partition)),
      encodeArray('bigint', epochs.map(({ epoch }) => epoch))
    ]
  }
}
