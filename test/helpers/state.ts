import { NotLevelError, type AnswersOf, type Question, type Ranked, type StateReader } from '../../streams/index.ts'

/** State as plain data: by store's name, then key, then member. */
export interface FakeState {
  readonly lists?: Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>
  readonly counters?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Counters with an owner. */
  readonly rankings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>
}

export interface FakeReader extends StateReader {
  /** Every question, one list per look. */
  readonly looks: readonly (readonly Question[])[]
}

/** A reader of what it was given, which remembers what it was asked. */
export function fakeReader (state: FakeState = {}): FakeReader {
  const looks: (readonly Question[])[] = []
  async function read<const Q extends readonly Question[]> (questions: Q): Promise<AnswersOf<Q>> {
    looks.push(questions)
    const answers: unknown[] = []
    for (const question of questions) answers.push(answer(state, question, answers))
    // Each answer is of its question's kind; the mapped type cannot follow the loop.
    return answers as AnswersOf<Q>
  }
  return { looks, read }
}

/** A reader that fails in its own way, and counts how often. */
export function failingReader (error: unknown = new NotLevelError('not level')): FakeReader {
  const looks: (readonly Question[])[] = []
  return {
    looks,
    read: async questions => {
      looks.push(questions)
      throw error
    }
  }
}

/** A reader that never answers. */
export function silentReader (): StateReader {
  return { read: async () => await new Promise(() => {}) }
}

function answer (state: FakeState, question: Question, earlier: readonly unknown[]): unknown {
  switch (question.kind) {
    case 'list': return state.lists?.[question.store.name]?.[Object.values(question.key).join('|')] ?? []
    case 'value': return undefined
    case 'ranking': return ranked(countsIn(state, question.store.name, question.owner)).slice(0, question.limit)
    case 'counts': {
      const counts = countsIn(state, question.store.name, question.owner)
      const members = 'unionOf' in question.members ? unionOf(question.members.unionOf, earlier) : question.members
      return new Map(members.map(member => [member, counts[member] ?? 0]))
    }
  }
}

function countsIn (state: FakeState, store: string, owner: string | undefined): Readonly<Record<string, number>> {
  return (owner === undefined ? state.counters?.[store] : state.rankings?.[store]?.[owner]) ?? {}
}

function ranked (counts: Readonly<Record<string, number>>): Ranked[] {
  const entries = Object.entries(counts).map(([member, count]) => ({ member, count }))
  return entries.sort((a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.member), Buffer.from(b.member)))
}

function unionOf (indexes: readonly number[], earlier: readonly unknown[]): string[] {
  // The engine's own readers check what stands there; here the asking code is ours.
  const rankings = indexes.map(index => earlier[index] as readonly Ranked[])
  return [...new Set(rankings.flat().map(({ member }) => member))]
}
