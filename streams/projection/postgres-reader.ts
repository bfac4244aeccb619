import type { Counter } from '../stores/counter.ts'
import type { Database, Statement, TextRow } from '../state/postgres/database.ts'
import { findValues, valuesOf } from '../state/postgres/keyed-sql.ts'
import { findLists, listsOf } from '../state/postgres/list-sql.ts'
import { look, type Ask } from '../state/postgres/look.ts'
import { encodeArray, quote } from '../state/postgres/sql.ts'
import { checkOwner, checkUnion, isStorable, isUnion, keyOfQuestion, membersOf, withMembers } from './questions.ts'
import type { AnswersOf, CountsQuestion, ListQuestion, Question, Ranked, RankingQuestion, StateReader, ValueQuestion } from './state-reader.ts'

export interface PostgresReaderOptions {
  readonly database: Database
  readonly applicationId: string
}

/**
 * Reads the truth itself. All statements of a look see one snapshot. What a ranking's owner has is sorted anew each time, so members that
 * rankings bring are counted in a second round rather than by a statement that finds them once more.
 *
 * Rejects with the server's error; where no worker has made the schema yet, that is 42P01 or 3F000.
 */
export function openPostgresReader ({ database, applicationId }: PostgresReaderOptions): StateReader {
  return {
    async read (questions) {
      for (const question of questions) checkQuestion(question, questions)
      const answers = await look(database, async ask => {
        const found = await answer(ask, questions.map(question => isUnion(question) ? undefined : plan(applicationId, question)))
        if (!questions.some(isUnion)) return found
        const united = await answer(ask, questions.map(question => isUnion(question) ? plan(applicationId, withMembers(question, found)) : undefined))
        return found.map((each, index) => united[index] ?? each)
      })
      // Each answer was made by the plan of the question in its place; a mapped tuple cannot be built element by element.
      return answers as unknown as AnswersOf<typeof questions>
    }
  }
}

interface Plan {
  /** undefined: nothing stored can match. */
  readonly statement: Statement | undefined
  readonly answer: (rows: readonly TextRow[]) => unknown
}

async function answer (ask: Ask, plans: readonly (Plan | undefined)[]): Promise<unknown[]> {
  const rows = await ask(plans.map(each => each?.statement))
  return plans.map((each, index) => each?.answer(rows[index] ?? []))
}

function checkQuestion (question: Question, questions: readonly Question[]): void {
  if (question.kind === 'ranking' || question.kind === 'counts') checkOwner(question.store, question.owner)
  if (question.kind === 'counts') checkUnion(question, questions)
}

function plan (schema: string, question: Question): Plan {
  switch (question.kind) {
    case 'list': return planList(schema, question)
    case 'value': return planValue(schema, question)
    case 'ranking': return planRanking(schema, question)
    case 'counts': return planCounts(schema, question, [...membersOf(question, [])])
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
  const owned = owner === undefined ? '' : ` where ${quote(store.key[0])} = $2::text`
  return {
    statement: owner !== undefined && !isStorable(owner)
      ? undefined
      : {
          prepared: true,
          text: `select ${memberOf(store)}, ${quote(store.count)} from ${tableOf(schema, store)}${owned} order by ${quote(store.count)} desc, ${memberOf(store)} limit $1::bigint`,
          values: owner === undefined ? [limit] : [limit, owner]
        },
    answer: rows => rows.map(([member, count]): Ranked => ({ member: member ?? '', count: Number(count) }))
  }
}

function planCounts (schema: string, { store, owner }: CountsQuestion, members: readonly string[]): Plan {
  const asked = members.filter(isStorable)
  const member = memberOf(store)
  const owned = owner === undefined ? '' : ` and ${quote(store.key[0])} = $2::text`
  return {
    statement: asked.length === 0 || (owner !== undefined && !isStorable(owner))
      ? undefined
      : {
          prepared: true,
          text: `select ${member}, ${quote(store.count)} from ${tableOf(schema, store)} where ${member} = any($1::text[])${owned}`,
          values: [encodeArray('text', asked), ...owner === undefined ? [] : [owner]]
        },
    answer (rows) {
      const counts = new Map(rows.map(([each, count]) => [each ?? '', Number(count)]))
      return new Map(members.map(each => [each, counts.get(each) ?? 0]))
    }
  }
}

function memberOf (store: Counter): string {
  return quote(store.key[1] ?? store.key[0])
}

function tableOf (schema: string, store: Counter): string {
  return `${quote(schema)}.${quote(store.name)}`
}
