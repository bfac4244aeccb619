import type { Columns, KeyColumns, KeyOf, RowOf } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { Static, TSchema } from 'typebox'

/**
 * Reading state from outside the engine: a few questions answered in one look.
 *
 * Three implementations give the same answers: Redis, memory (both only while the projection is level with Postgres), and Postgres.
 */
export interface StateReader {
  /** One round trip; the answers stand in the order of the questions. Rejects with `NotLevelError` when the projection is not there or behind. */
  readonly read: <const Q extends readonly Question[]>(questions: Q) => Promise<AnswersOf<Q>>
}

/** The projection cannot vouch for an answer; ask Postgres. */
export class NotLevelError extends Error {
  override readonly name = 'NotLevelError'
}

export interface ListQuestion<L extends List = List> {
  readonly kind: 'list'
  readonly store: L
  readonly key: Readonly<Record<string, string>>
}

export interface ValueQuestion<S extends Keyed = Keyed> {
  readonly kind: 'value'
  readonly store: S
  readonly key: Readonly<Record<string, string>>
}

/** The best of a ranking: count descending, then member ascending in bytes. */
export interface RankingQuestion {
  readonly kind: 'ranking'
  readonly store: Counter
  /** The first key column's value, for a counter whose key has two. */
  readonly owner: string | undefined
  readonly limit: number
}

/**
 * Counts of members; 0 where there is none. The members are given, or are the union of the members of earlier ranking
 * questions in the same read (by index), in order of first appearance.
 */
export interface CountsQuestion {
  readonly kind: 'counts'
  readonly store: Counter
  readonly owner: string | undefined
  readonly members: readonly string[] | { readonly unionOf: readonly number[] }
}

export type Question = ListQuestion | ValueQuestion | RankingQuestion | CountsQuestion

export interface Ranked {
  readonly member: string
  readonly count: number
}

type AnswerOf<Q extends Question> =
  Q extends ListQuestion<infer L> ? (L extends List<KeyColumns, infer E extends Columns> ? readonly RowOf<E>[] : never)
    : Q extends ValueQuestion<infer S> ? (S extends Keyed<KeyColumns, infer V extends TSchema> ? Static<V> | undefined : never)
      : Q extends RankingQuestion ? readonly Ranked[]
        : Q extends CountsQuestion ? ReadonlyMap<string, number>
          : never

export type AnswersOf<Q extends readonly Question[]> = { readonly [I in keyof Q]: AnswerOf<Q[I]> }

/** Newest first. */
export function entriesOf<K extends KeyColumns, E extends Columns> (store: List<K, E>, key: KeyOf<K>): ListQuestion<List<K, E>> {
  return { kind: 'list', store, key }
}

export function valueOf<K extends KeyColumns, V extends TSchema> (store: Keyed<K, V>, key: KeyOf<K>): ValueQuestion<Keyed<K, V>> {
  return { kind: 'value', store, key }
}

export function rankingOf (store: Counter, { owner, limit }: { readonly owner?: string, readonly limit: number }): RankingQuestion {
  return { kind: 'ranking', store, owner, limit }
}

export function countsOf (store: Counter, members: CountsQuestion['members'], { owner }: { readonly owner?: string } = {}): CountsQuestion {
  return { kind: 'counts', store, owner, members }
}
