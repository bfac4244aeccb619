import { FatalError } from '../errors.ts'
import type { LogIdentity } from '../log/log.ts'
import type { Database, Session } from '../state/postgres/database.ts'
import { inTransaction } from '../state/postgres/engine-schema.ts'
import { encodeArray } from '../state/postgres/sql.ts'

/** intended: it was about to be sent, and nobody has said whether it was · sent: the log has acknowledged it. */
export type ReplayState = 'intended' | 'sent'

/** One replay of a dead letter, before it is sent. */
export interface Intent {
  readonly partition: number
  readonly offset: number
  readonly errorId: string
  readonly target: string
  readonly targetPartition: number
  /** Where that partition ended before anything was sent: the record can only lie behind it. */
  readonly targetFrom: number
}

export interface OpenIntent extends Intent {
  readonly replayId: string
  /** For how long it has been open, by the database's clock. */
  readonly ageMs: number
}

type Span = { readonly partition: number, readonly from: number, readonly to: number }
type Place = Pick<Intent, 'partition' | 'offset'>

/** What was replayed of one dead-letter topic. */
export interface Ledger {
  readonly statesIn: (span: Span) => Promise<ReadonlyMap<number, ReplayState>>
  /** How many letters before these offsets have which state. */
  readonly countBefore: (places: readonly Place[]) => Promise<Readonly<Record<ReplayState, number>>>
  /** Forgets what lies before these offsets. */
  readonly forgetBefore: (places: readonly Place[]) => Promise<void>
}

/** What a replay writes; while it is held, nobody else replays from this topic. */
export interface ReplayLedger extends Pick<Ledger, 'statesIn' | 'forgetBefore'> {
  /** Writes down what is about to be sent. Answers those that nobody has written down before: only they may be sent. */
  readonly intend: (replayId: string, intents: readonly Intent[]) => Promise<readonly Place[]>
  readonly sent: (places: readonly Place[]) => Promise<void>
  /** They were certainly not sent. */
  readonly withdraw: (places: readonly Place[]) => Promise<void>
  readonly open: () => Promise<readonly OpenIntent[]>
}

const SCHEMA = 'millrace_dlq'
const TABLE = `${SCHEMA}.replays`

const DEFINITION = `
  create schema if not exists ${SCHEMA};
  create table if not exists ${TABLE} (
    cluster_id text collate "C",
    topic_id text collate "C",
    partition integer,
    "offset" bigint,
    topic text not null,
    state text not null check (state in ('intended', 'sent')),
    error_id text not null,
    replay_id text not null,
    target text not null,
    target_partition integer not null,
    target_from bigint not null,
    intended_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    primary key (cluster_id, topic_id, partition, "offset")
  );
  create index if not exists replays_open on ${TABLE} (cluster_id, topic_id) where state = 'intended'`

export interface LedgerOptions {
  readonly database: Database
  readonly identity: LogIdentity
  readonly topic: string
}

/** Reads the ledger; where nothing was ever replayed there is none, and none is made. */
export function openLedger ({ database, identity, topic }: LedgerOptions): Ledger {
  const scope = scopeOf(identity, topic)
  const ifThere = async <T>(none: T, work: () => Promise<T>): Promise<T> => await isThere(database) ? await work() : none
  return {
    statesIn: async span => await ifThere<ReadonlyMap<number, ReplayState>>(new Map(), async () => await statesIn(database, scope, span)),
    countBefore: async places => await ifThere({ intended: 0, sent: 0 }, async () => {
      const rows = await database.query({ text: `select state, count(*) from ${TABLE} r ${BEFORE} group by state`, values: [...scope, ...arraysOf(places)] })
      const counts = new Map(rows.map(([state, count]) => [state, Number(count)]))
      return { intended: counts.get('intended') ?? 0, sent: counts.get('sent') ?? 0 }
    }),
    forgetBefore: async places => await ifThere(undefined, async () => await forgetBefore(database, scope, places))
  }
}

async function forgetBefore (on: Pick<Database, 'query'>, scope: readonly string[], places: readonly Place[]): Promise<void> {
  await on.query({ text: `delete from ${TABLE} r using ${PLACES} where ${SCOPED} and r.partition = p.partition and r."offset" < p."offset"`, values: [...scope, ...arraysOf(places)] })
}

async function statesIn (on: Pick<Database, 'query'>, scope: readonly string[], { partition, from, to }: Span): Promise<ReadonlyMap<number, ReplayState>> {
  const rows = await on.query({ text: `select "offset", state from ${TABLE} where ${SCOPED} and partition = $3 and "offset" >= $4 and "offset" < $5`, values: [...scope, partition, from, to] })
  return new Map(rows.map(([offset, state]) => [Number(offset), stateOf(state)]))
}

const SCOPED = 'cluster_id = $1 and topic_id = $2'
const PLACES = 'unnest($3::integer[], $4::bigint[]) as p (partition, "offset")'
const BEFORE = `join ${PLACES} on r.partition = p.partition and r."offset" < p."offset" where ${SCOPED}`
const AT = `${SCOPED} and r.partition = p.partition and r."offset" = p."offset"`

/**
 * Holds the ledger of a topic for one replay. The lock is the session's: it goes with this process, and with it its replay has ended.
 */
export async function holdLedger<T> ({ database, identity, topic }: LedgerOptions, options: { readonly waiting: () => void }, work: (ledger: ReplayLedger) => Promise<T>): Promise<T> {
  await inTransaction(database, async session => {
    await session.query({ text: `select pg_advisory_xact_lock(hashtextextended('${SCHEMA}', 0))` })
    if (!await isThere(session)) await session.query({ text: DEFINITION })
  }).catch((error: unknown) => {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '42501') throw error
    throw new FatalError(`What is replayed is written down in the schema '${SCHEMA}', which this role of Postgres may not make or write: ${error.message}. Let a role that may run the first replay, or grant it.`, { cause: error })
  })
  const scope = scopeOf(identity, topic)
  const session = await database.session()
  let broken = true
  try {
    await lock(session, scope, options.waiting, topic)
    const result = await work(replayLedger(session, scope, topic))
    await session.query({ text: `select pg_advisory_unlock(${LOCK})`, values: scope })
    broken = false
    return result
  } finally {
    session.release(broken)
  }
}

const LOCK = `hashtextextended('${SCHEMA} ' || $1 || ' ' || $2, 0)`

async function lock (session: Session, scope: readonly string[], waiting: () => void, topic: string): Promise<void> {
  const [[got] = []] = await session.query({ text: `select pg_try_advisory_lock(${LOCK})`, values: scope })
  if (got === 't') return
  waiting()
  await session.query({ text: `select pg_advisory_lock(${LOCK})`, values: scope }).catch((error: unknown) => {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '55P03') throw error
    throw new FatalError(`Somebody else is replaying from '${topic}' just now; nothing was sent. Try again when that has ended.`, { cause: error })
  })
}

function replayLedger (session: Session, scope: readonly string[], topic: string): ReplayLedger {
  return {
    statesIn: async span => await statesIn(session, scope, span),
    forgetBefore: async places => await forgetBefore(session, scope, places),
    async intend (replayId, intents) {
      const rows = await session.query({
        text: `insert into ${TABLE} (cluster_id, topic_id, topic, replay_id, state, partition, "offset", error_id, target, target_partition, target_from)
          select $1, $2, $3, $4, 'intended', * from unnest($5::integer[], $6::bigint[], $7::text[], $8::text[], $9::integer[], $10::bigint[])
          on conflict do nothing returning partition, "offset"`,
        values: [
          ...scope, topic, replayId,
          ...arraysOf(intents),
          encodeArray('text', intents.map(({ errorId }) => errorId)),
          encodeArray('text', intents.map(({ target }) => target)),
          encodeArray('integer', intents.map(({ targetPartition }) => targetPartition)),
          encodeArray('bigint', intents.map(({ targetFrom }) => targetFrom))
        ]
      })
      return rows.map(([partition, offset]) => ({ partition: Number(partition), offset: Number(offset) }))
    },
    async sent (places) {
      await session.query({ text: `update ${TABLE} r set state = 'sent', sent_at = clock_timestamp() from ${PLACES} where ${AT}`, values: [...scope, ...arraysOf(places)] })
    },
    async withdraw (places) {
      await session.query({ text: `delete from ${TABLE} r using ${PLACES} where ${AT} and state = 'intended'`, values: [...scope, ...arraysOf(places)] })
    },
    async open () {
      const rows = await session.query({
        text: `select partition, "offset", error_id, target, target_partition, target_from, replay_id, extract(epoch from clock_timestamp() - intended_at) * 1000
          from ${TABLE} where ${SCOPED} and state = 'intended' order by partition, "offset"`,
        values: scope
      })
      return rows.map(([partition, offset, errorId, target, targetPartition, targetFrom, replayId, ageMs]) => ({
        partition: Number(partition),
        offset: Number(offset),
        errorId: errorId ?? '',
        target: target ?? '',
        targetPartition: Number(targetPartition),
        targetFrom: Number(targetFrom),
        replayId: replayId ?? '',
        ageMs: Number(ageMs)
      }))
    }
  }
}

/** A topic without an id is of brokers that give none. */
function scopeOf ({ cluster, topics }: LogIdentity, topic: string): [cluster: string, topicId: string] {
  return [cluster, topics.get(topic) ?? topic]
}

async function isThere (on: Pick<Database, 'query'>): Promise<boolean> {
  const [[found] = []] = await on.query({ text: 'select to_regclass($1) is not null', values: [TABLE] })
  return found === 't'
}

function arraysOf (places: readonly Place[]): [Buffer, Buffer] {
  return [encodeArray('integer', places.map(({ partition }) => partition)), encodeArray('bigint', places.map(({ offset }) => offset))]
}

function stateOf (text: string | null | undefined): ReplayState {
  return text === 'sent' ? 'sent' : 'intended'
}
