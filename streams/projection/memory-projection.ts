import { splitKey } from '../stores/columns.ts'
import type { Change, ListValue } from '../state/state.ts'
import { checkOwner, checkUnion, keyOfQuestion, membersOf } from './questions.ts'
import { Ranking } from './ranking.ts'
import type { AnswersOf, CountsQuestion, Question, Ranked, StateReader } from './state-reader.ts'

/** The projection in this process, for the embedded default. It holds what Redis would, in memory; deleted keys leave their version behind. */
export interface MemoryProjection {
  /** In any order, and as often as you like: only a higher version replaces. */
  readonly apply: (changes: readonly Change[]) => void
  readonly clear: () => void
  /** Answers at once, without looking at Postgres. */
  readonly reader: StateReader
}

interface Versioned {
  readonly version: number
  /** undefined: deleted. */
  readonly value: unknown
}

/** By store's name, then by key; a ranking by its owner, that of a whole store by ''. */
interface Tables {
  readonly rankings: Map<string, Map<string, Ranking>>
  readonly lists: Map<string, Map<string, ListValue>>
  readonly values: Map<string, Map<string, Versioned>>
}

export function createMemoryProjection (): MemoryProjection {
  const tables: Tables = { rankings: new Map(), lists: new Map(), values: new Map() }
  return {
    apply (changes) { for (const change of changes) applyChange(tables, change) },
    clear () { for (const table of Object.values(tables)) table.clear() },
    reader: {
      async read (questions) {
        const rankings: (readonly Ranked[])[] = []
        const answers = questions.map(question => {
          const answered = answer(tables, question, questions, rankings)
          rankings.push(question.kind === 'ranking' && Array.isArray(answered) ? answered : [])
          return answered
        })
        // Each answer was made by the kind of the question in its place; a mapped tuple cannot be built element by element.
        return answers as unknown as AnswersOf<typeof questions>
      }
    }
  }
}

function applyChange (tables: Tables, change: Change): void {
  const { store } = change
  switch (change.kind) {
    case 'counter': {
      const table = within(tables.rankings, store.name)
      for (const [key, count] of change.counts) {
        const [first = '', second] = splitKey(key)
        const owner = second === undefined ? '' : first
        let ranking = table.get(owner)
        if (ranking === undefined) table.set(owner, ranking = new Ranking(change.store.keep))
        ranking.put(second ?? first, count)
      }
      return
    }
    case 'list': {
      const table = within(tables.lists, store.name)
      for (const [key, value] of change.values) if (value.newest > (table.get(key)?.newest ?? 0)) table.set(key, value)
      return
    }
    case 'keyed': {
      const table = within(tables.values, store.name)
      for (const [key, value] of change.values) if (value.version > (table.get(key)?.version ?? 0)) table.set(key, value)
    }
  }
}

function answer (tables: Tables, question: Question, questions: readonly Question[], rankings: readonly (readonly Ranked[])[]): unknown {
  switch (question.kind) {
    case 'list': return tables.lists.get(question.store.name)?.get(keyOfQuestion(question) ?? UNKNOWN)?.entries ?? []
    case 'value': return tables.values.get(question.store.name)?.get(keyOfQuestion(question) ?? UNKNOWN)?.value
    case 'ranking': return rankingOf(tables, question)?.best(question.limit) ?? []
    case 'counts': {
      checkUnion(question, questions)
      const ranking = rankingOf(tables, question)
      return new Map([...membersOf(question, rankings)].map(member => [member, ranking?.countOf(member) ?? 0]))
    }
  }
}

/** No key: it has more columns than any. */
const UNKNOWN = '\u0000\u0000'

function rankingOf (tables: Tables, { store, owner }: Pick<CountsQuestion, 'store' | 'owner'>): Ranking | undefined {
  checkOwner(store, owner)
  return tables.rankings.get(store.name)?.get(owner ?? '')
}

function within<T> (tables: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let table = tables.get(name)
  if (table === undefined) tables.set(name, table = new Map())
  return table
}
