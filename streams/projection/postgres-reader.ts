import type { Counter } from '../stores/counter.ts'
import type { Database, Statement, TextRow } from '../state/postgres/database.ts'
import { findValues, valuesOf } from '../state/postgres/keyed-sql.ts'
import { findLists, listsOf } from '../state/postgres/list-sql.ts'
import { look } from '../state/postgres/look.ts'
import { encodeArray, quote } from '../state/postgres/sql.ts'
import { checkOwner, isStorable, keyOfQuestion, membersOf, rankingsToUnite } from './questions.ts'
import type { AnswersOf, CountsQuestion, ListQuestion, Question, Ranked, RankingQuestion, StateReader, ValueQuestion } from './state-reader.ts'

export interface PostgresReaderOptions {
  readonly database: Database
  readonly applicationId: string
}

/**
 * Reads the truth itself. All statements of a look are sent at once, and see one snapshot.
 *
 * Rejects with the server's error; where no worker has made the schema yet, that is 42P01 or 3F000.
 */
export function openPostgresReader ({ database, applicationId }: PostgresReaderOptions): StateReader {
  return {
    async read (questions) {
      const planned = questions.map(question => plan(applicationId, question, questions))
      const found = await look(database, planned.map(({ statement }) => statement))
      const rankings: (readonly Ranked[])[] = []
      const answers = planned.map(({ answer }, index) => {
        const answered = answer(found[index] ?? [], rankings)
        rankings.push(Array.isArray(answered) ? answered : [])
        return answered
      })
      // Each answer was made by the plan of the question in its place; a mapped tuple cannot be built element by element.
      return answers as unknown as AnswersOf<typeof questions>
    }
  }
}

interface Plan {
  /** undefined: nothing stored can match. */
  readonly statement: Statement | undefined
  readonly answer: (rows: readonly TextRow[], rankings: readonly (readonly Ranked[])[]) => unknown
}

function plan (schema: string, question: Question, questions: readonly Question[]): Plan {
  switch (question.kind) {
    case 'list': return planList(schema, question)
    case 'value': return planValue(schema, question)
    case 'ranking': return planRanking(schema, question)
    case 'counts': return planCounts(schema, question, rankingsToUnite(question, questions))
  }
}

function planList (schema: string, question: ListQuestion): Plan {
  const key = keyOfQuestion(question)
  return {
    statement: key === undefined ? undefined : findLists(schema, question.store, [key]),
    answer: rows => key === undefined ? [] : listsOf(question.store, rows).get(key)?.entries ?? []
  }
}

function planValue (schema: string, question: ValueQuestion): Plan {
  const key = keyOfQuestion(question)
  return {
    statement: key === undefined ? undefined : findValues(schema, question.store, [key]),
    answer: rows => key === undefined ? undefined : valuesOf(question.store, rows).get(key)?.value
  }
}

function planRanking (schema: string, { store, owner, limit }: RankingQuestion): Plan {
  checkOwner(store, owner)
  return {
    statement: owner !== undefined && !isStorable(owner)
      ? undefined
      : {
          prepared: true,
          text: owner === undefined
            ? `select ${memberOf(store)}, ${quote(store.count)} ${bestOf(schema, store, '$1::bigint')}`
            : `select ${memberOf(store)}, ${quote(store.count)} ${bestOf(schema, store, '$1::bigint', '$2::text')}`,
          values: owner === undefined ? [limit] : [limit, owner]
        },
    answer: rows => rows.map(([member, count]): Ranked => ({ member: member ?? '', count: Number(count) }))
  }
}

/** The best of a ranking, from `from` on; the columns are the caller's. */
function bestOf (schema: string, store: Counter, limit: string, owner?: string): string {
  return `from ${tableOf(schema, store)}${owner === undefined ? '' : ` where ${quote(store.key[0])} = ${owner}`}
    order by ${quote(store.count)} desc, ${memberOf(store)} limit ${limit}`
}

/**
 * Members that stand in the rankings are found by the same statement that counts them, so that this needs no second round
 * trip; in which order they appeared is known from the rankings' own answers.
 */
function planCounts (schema: string, question: CountsQuestion, rankings: readonly RankingQuestion[]): Plan {
  const { store, owner, members } = question
  checkOwner(store, owner)
  const parameters: unknown[] = []
  const parameter = (value: unknown, type: string): string => `$${parameters.push(value)}::${type}`
  const sources = 'unionOf' in members
    ? [...Map.groupBy(rankings, ranking => ranking.store)].map(([ranked, asked]) => `in (${unionOf(schema, ranked, asked, parameter)})`)
    : [`= any(${parameter(encodeArray('text', members.filter(isStorable)), 'text[]')})`]
  const member = memberOf(store)
  const owned = owner === undefined ? '' : ` and ${quote(store.key[0])} = ${parameter(isStorable(owner) ? owner : null, 'text')}`
  return {
    statement: sources.length === 0
      ? undefined
      : {
          prepared: true,
          text: `select ${member}, ${quote(store.count)} from ${tableOf(schema, store)} where (${sources.map(source => `${member} ${source}`).join(' or ')})${owned}`,
          values: parameters
        },
    answer (rows, answered) {
      const counts = new Map(rows.map(([each, count]) => [each ?? '', Number(count)]))
      return new Map([...membersOf(question, answered)].map(each => [each, counts.get(each) ?? 0]))
    }
  }
}

function unionOf (schema: string, store: Counter, rankings: readonly RankingQuestion[], parameter: (value: unknown, type: string) => string): string {
  if (store.key.length === 1) {
    const limit = parameter(Math.max(...rankings.map(({ limit }) => limit)), 'bigint')
    return `select ${memberOf(store)} from (select ${memberOf(store)} ${bestOf(schema, store, limit)}) as best`
  }
  const owners = parameter(encodeArray('text', rankings.map(({ owner = '' }) => isStorable(owner) ? owner : null)), 'text[]')
  const limits = parameter(encodeArray('bigint', rankings.map(({ limit }) => limit)), 'bigint[]')
  return `select best.member from unnest(${owners}, ${limits}) as asked (owner, most)
    cross join lateral (select ${memberOf(store)} as member ${bestOf(schema, store, 'asked.most', 'asked.owner')}) as best`
}

function memberOf (store: Counter): string {
  return quote(store.key[1] ?? store.key[0])
}

function tableOf (schema: string, store: Counter): string {
  return `${quote(schema)}.${quote(store.name)}`
}
