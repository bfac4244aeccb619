import { FatalError } from '../errors.ts'
import { isPatternId } from '../graph/topic-pattern.ts'
import type { TopicPartition } from '../log/log.ts'
import type { Database, TextRow } from '../state/postgres/database.ts'
import { schemaExists } from '../state/postgres/engine-schema.ts'
import { quote } from '../state/postgres/sql.ts'

/** What an application id has in Postgres. */
export interface Inventory {
  readonly hasSchema: boolean
  readonly tables: readonly TableSize[]
  /** Topics that it reads and did not make. */
  readonly inputs: readonly string[]
  /** Ids of the patterns that it has looked for topics by. */
  readonly patterns: readonly string[]
  /** Topics that it made: they go with it. */
  readonly internalTopics: readonly string[]
  /** Where it is, or will start where it has not been yet. */
  readonly positions: readonly InventoryPosition[]
}

export interface TableSize {
  readonly name: string
  /** The server's estimate. */
  readonly rows: number
}

export interface InventoryPosition extends TopicPartition {
  /** undefined: no task has taken the partition yet. */
  readonly subTopology: string | undefined
  readonly offset: number
}

type Queries = Pick<Database, 'query'>

/** The kind under which the catalogue names topics that the application made. */
export const INTERNAL_TOPIC = 'topic'

/** Reads any version of our schema: what it does not have counts as empty. */
export async function readInventory (on: Queries, applicationId: string): Promise<Inventory> {
  if (!await schemaExists(on, applicationId)) return { hasSchema: false, tables: [], inputs: [], patterns: [], internalTopics: [], positions: [] }
  const engine = engineTables(on, applicationId)
  if (!await engine.has('millrace_application')) {
    throw new FatalError(`Schema '${applicationId}' exists but was not made by Millrace, so nothing in it is looked at or touched. Is the application id right?`)
  }
  const internalTopics = (await engine.select('millrace_catalogue', 'name', `where kind = '${INTERNAL_TOPIC}' order by name`)).map(([name]) => name ?? '')
  const noted = (await engine.select('millrace_inputs', 'topic', 'order by topic')).map(([topic]) => topic ?? '')
  return {
    hasSchema: true,
    tables: await readTables(on, applicationId),
    inputs: noted.filter(topic => !internalTopics.includes(topic) && !isPatternId(topic)),
    patterns: noted.filter(isPatternId),
    internalTopics,
    positions: positionsOf(
      await engine.select('millrace_tasks', 'sub_topology, partition, offsets::text'),
      await engine.select('millrace_starts', 'topic, partition, "offset"')
    )
  }
}

function engineTables (on: Queries, applicationId: string) {
  const qualified = (table: string): string => `${quote(applicationId)}.${table}`
  const has = async (table: string): Promise<boolean> => {
    const [row] = await on.query({ text: 'select to_regclass($1) is not null', values: [qualified(table)] })
    return row?.[0] === 't'
  }
  return {
    has,
    select: async (table: string, columns: string, rest = ''): Promise<readonly TextRow[]> =>
      await has(table) ? await on.query({ text: `select ${columns} from ${qualified(table)} ${rest}` }) : []
  }
}

async function readTables (on: Queries, applicationId: string): Promise<TableSize[]> {
  const rows = await on.query({
    text: `select c.relname, greatest(c.reltuples::bigint, s.n_live_tup, 0)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
      where n.nspname = $1 and c.relkind in ('r', 'p') order by c.relname collate "C"`,
    values: [applicationId]
  })
  return rows.map(([name, count]) => ({ name: name ?? '', rows: Number(count) }))
}

function positionsOf (tasks: readonly TextRow[], starts: readonly TextRow[]): InventoryPosition[] {
  const taken = tasks.flatMap(([subTopology, partition, offsets]) =>
    Object.entries(readOffsets(offsets)).map(([topic, offset]) => ({ topic, partition: Number(partition), subTopology: subTopology ?? undefined, offset })))
  const asked = starts.map(([topic, partition, offset]) => ({ topic: topic ?? '', partition: Number(partition), subTopology: undefined, offset: Number(offset) }))
  return [...taken, ...asked.filter(start => !taken.some(({ topic, partition }) => topic === start.topic && partition === start.partition))]
}

function readOffsets (text: string | null | undefined): Record<string, number> {
  const offsets: unknown = JSON.parse(text ?? '{}')
  if (typeof offsets !== 'object' || offsets === null) return {}
  return Object.fromEntries(Object.entries(offsets).map(([topic, offset]) => [topic, Number(offset)]))
}
