import type { Session, Statement, TextRow } from '../../streams/state/postgres/database.ts'
import { encodeArray, quote, rowsOf } from '../../streams/state/postgres/sql.ts'
import { toMillis } from '../../schemas/time.ts'
import type { FeatureChanges } from './features.ts'
import type { Position } from './inbox.ts'
import type { Batch } from './reading.ts'

/** The new counts: key columns, then the count. */
export interface Written {
  readonly popularity: readonly TextRow[]
  readonly links: readonly TextRow[]
  readonly outgoing: readonly TextRow[]
  readonly incoming: readonly TextRow[]
}

export interface Writer {
  /** Begins the transaction with the rows; answers with the ids of those watches that were not there before. */
  readonly insert: (batch: Batch) => Promise<ReadonlySet<string>>
  /** Writes the features and positions, and commits. */
  readonly finish: (changes: FeatureChanges, positions: readonly Position[]) => Promise<Written>
}

type Values = readonly (string | number | boolean | null)[]

/** One connection. Statements are sent without waiting for the answers of those before. */
export function openWriter (session: Session, applicationId: string): Writer {
  const schema = quote(applicationId)
  const run = async (text: string, values: Statement['values'] = []): Promise<readonly TextRow[]> => await session.query({ prepared: true, text, values })

  return {
    async insert ({ watches, impressions }) {
      const rows = impressions.flatMap(impression => impression.items.map(item => ({ impression, item, context: contextOf(impression) })))
      const shown = <T>(pick: (row: typeof rows[number]) => T): T[] => rows.map(pick)
      const [,, inserted] = await Promise.all([
        session.query({ text: 'begin' }),
        rows.length === 0
          ? undefined
          : run(`insert into ${schema}.impressions (event_id, position, user_id, session_id, request_id, ts_ms, server_received_ts_ms, item_id, feed_id, slot, context)
              ${rowsOf(['text', 'integer', 'text', 'text', 'text', 'bigint', 'bigint', 'text', 'text', 'text', 'jsonb'])}
              on conflict (event_id, position) do nothing`, [
            texts(shown(({ impression }) => impression.event_id)), encodeArray('integer', shown(({ item }) => item.position)),
            texts(shown(({ impression }) => impression.user_id)), texts(shown(({ impression }) => impression.session_id)),
            texts(shown(({ impression }) => impression.request_id)), encodeArray('bigint', shown(({ impression }) => toMillis(impression.ts_ms))),
            encodeArray('bigint', shown(({ impression }) => impression.server_received_ts_ms ?? null)), texts(shown(({ item }) => item.item_id)),
            texts(shown(({ item }) => item.feed_id ?? null)), texts(shown(({ item }) => item.slot ?? null)), encodeArray('jsonb', shown(({ context }) => context))
          ]),
        run(`insert into ${schema}.watches (event_id, user_id, session_id, request_id, ts_ms, server_received_ts_ms, item_id, watch_time_sec, percent_watched, ended, playback_speed, rebuffer_count, context)
          ${rowsOf(['text', 'text', 'text', 'text', 'bigint', 'bigint', 'text', 'double precision', 'double precision', 'boolean', 'double precision', 'bigint', 'jsonb'])}
          on conflict (event_id) do nothing returning event_id`, [
          texts(watches.map(each => each.event_id)), texts(watches.map(each => each.user_id)), texts(watches.map(each => each.session_id)), texts(watches.map(each => each.request_id)),
          encodeArray('bigint', watches.map(each => toMillis(each.ts_ms))), encodeArray('bigint', watches.map(each => each.server_received_ts_ms ?? null)), texts(watches.map(each => each.item_id)),
          encodeArray('double precision', watches.map(each => each.watch_time_sec)), encodeArray('double precision', watches.map(each => each.percent_watched ?? null)),
          encodeArray('boolean', watches.map(each => each.ended ?? null)), encodeArray('double precision', watches.map(each => each.playback_speed ?? null)),
          encodeArray('bigint', watches.map(each => each.rebuffer_count ?? null)), encodeArray('jsonb', watches.map(contextOf))
        ])
      ])
      return new Set(inserted.map(([id]) => id ?? ''))
    },

    async finish ({ popularity, links, outgoing, incoming, entries, newest, forgotten }, positions) {
      const add = async (table: string, count: string, amounts: ReadonlyMap<string, number>, touched = '') => await run(
        `insert into ${schema}.${table} as t (item_id, ${count}) ${rowsOf(['text', 'bigint'])}
          on conflict (item_id) do update set ${count} = t.${count} + excluded.${count}${touched} returning item_id, ${count}`,
        [texts([...amounts.keys()]), encodeArray('bigint', [...amounts.values()])])
      const pairs = [...links].flatMap(([previous, following]) => [...following].map(([next, count]) => ({ previous, next, count })))
      const [counts, linked, out, into] = await Promise.all([
        add('item_popularity', 'score', popularity, ', updated_at = now()'),
        run(`insert into ${schema}.co_visitation as t (prev_item_id, next_item_id, cnt) ${rowsOf(['text', 'text', 'bigint'])}
          on conflict (prev_item_id, next_item_id) do update set cnt = t.cnt + excluded.cnt returning prev_item_id, next_item_id, cnt`,
        [texts(pairs.map(each => each.previous)), texts(pairs.map(each => each.next)), encodeArray('bigint', pairs.map(each => each.count))]),
        add('co_visitation_out', 'cnt', outgoing),
        add('co_visitation_in', 'cnt', incoming),
        run(`insert into ${schema}.user_history (user_id, pos, item_id, ts) ${rowsOf(['text', 'bigint', 'text', 'timestamptz'])}`,
          [texts(entries.map(each => each.user)), encodeArray('bigint', entries.map(each => each.pos)), texts(entries.map(each => each.item)), encodeArray('timestamptz', entries.map(each => each.ts))]),
        run(`insert into ${schema}.user_history_newest as t (user_id, pos) ${rowsOf(['text', 'bigint'])} on conflict (user_id) do update set pos = excluded.pos`,
          [texts([...newest.keys()]), encodeArray('bigint', [...newest.values()])]),
        forgotten.size === 0
          ? undefined
          : run(`delete from ${schema}.user_history as t using (${rowsOf(['text', 'bigint'], ['user_id', 'through'])}) as old where t.user_id = old.user_id and t.pos <= old.through`,
            [texts([...forgotten.keys()]), encodeArray('bigint', [...forgotten.values()])]),
        run(`insert into ${schema}.millrace_tasks as t (sub_topology, partition, epoch, unit, offsets, stream_time, owner)
          select 'floor', partition, 1, 0, offsets, -1, 'floor' from unnest($1::integer[], $2::jsonb[]) as moved (partition, offsets)
          on conflict (sub_topology, partition) do update set offsets = excluded.offsets, unit = t.unit + 1`, positionValues(positions)),
        session.query({ text: 'commit' })
      ])
      return { popularity: counts, links: linked, outgoing: out, incoming: into }
    }
  }
}

function texts (values: Values): Buffer {
  return encodeArray('text', values)
}

function contextOf ({ context }: { readonly context?: object | null }): string | null {
  return context == null ? null : JSON.stringify(context)
}

function positionValues (positions: readonly Position[]): Buffer[] {
  const byPartition = [...Map.groupBy(positions, ({ partition }) => partition)]
  return [
    encodeArray('integer', byPartition.map(([partition]) => partition)),
    encodeArray('jsonb', byPartition.map(([, topics]) => JSON.stringify(Object.fromEntries(topics.map(({ topic, offset }) => [topic, offset])))))
  ]
}
