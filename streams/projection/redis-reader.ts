import type { Columns, RowOf } from '../stores/columns.ts'
import { countsIn, rankedIn, textsIn } from './joined.ts'
import { FENCE, holdingOf, ownerOf, shardOf, shardPrefix } from './layout.ts'
import { checkOwner, isUnion, keyOfQuestion, membersOf, rankingsIn, withMembers } from './questions.ts'
import { runScript, script, type RedisClient } from './redis-script.ts'
import { READ } from './scripts.ts'
import { NotLevelError, type AnswersOf, type CountsQuestion, type Question, type Ranked, type StateReader } from './state-reader.ts'
import { UnionCounts } from './union-counts.ts'

export interface RedisReaderOptions {
  readonly redis: RedisClient
  readonly applicationId: string
  readonly shards: number
  /** The schema's generation now; undefined when it is not known, and nothing in Redis can be vouched for. */
  readonly generation: () => string | undefined
}

type Answer = readonly Ranked[] | ReadonlyMap<string, number> | readonly RowOf<Columns>[] | unknown

const read = script(READ, { readOnly: true })

/**
 * Reads the projection; never writes. Questions of one shard are one script, which looks at the fence in the same breath.
 * Counts of what rankings on other shards answered take a second round trip.
 */
export function openRedisReader ({ redis, applicationId, shards, generation }: RedisReaderOptions): StateReader {
  const shardOfQuestion = (question: Question): number => shardOf(ownerOfQuestion(question), shards)

  async function ask (questions: readonly Question[], shard: number): Promise<Answer[]> {
    const current = generation()
    if (current === undefined) throw new NotLevelError('The generation of the schema is not known.')
    const prefix = shardPrefix(applicationId, shard)
    const raw = await runScript(redis, read, [prefix + FENCE], prefix, holdingOf(current, shards), ...questions.flatMap(argumentsOf))
    if (!Array.isArray(raw)) throw new NotLevelError('The projection is being built, or belongs to another generation.')
    const answers: Answer[] = []
    for (const [index, question] of questions.entries()) answers.push(decode(question, raw[index], answers))
    return answers
  }

  async function askAll (questions: readonly Question[]): Promise<Answer[]> {
    if (shards === 1 && questions.length > 0) return await ask(questions, 0)
    const byShard = Map.groupBy(questions.keys(), index => shardOfQuestion(at(questions, index)))
    const [only] = byShard.keys()
    if (byShard.size === 1 && only !== undefined) return await ask(questions, only)
    const answers: Answer[] = new Array(questions.length)
    const askSome = async (indexes: readonly number[], rewrite: (question: Question) => Question): Promise<void> => {
      await Promise.all([...Map.groupBy(indexes, index => shardOfQuestion(at(questions, index)))].map(async ([shard, some]) => {
        const found = await ask(some.map(index => rewrite(at(questions, index))), shard)
        some.forEach((index, place) => { answers[index] = found[place] })
      }))
    }
    const unites = (index: number): boolean => isUnion(at(questions, index))
    const indexes = [...questions.keys()]
    await askSome(indexes.filter(index => !unites(index)), question => question)
    await askSome(indexes.filter(unites), question => withMembers(question, answers))
    return answers
  }

  return {
    async read (questions) {
      // Each answer was decoded by the kind of the question in its place; a mapped tuple cannot be built element by element.
      return await askAll(questions) as unknown as AnswersOf<typeof questions>
    }
  }
}

function at (questions: readonly Question[], index: number): Question {
  const question = questions[index]
  if (question === undefined) throw new RangeError(`There is no question ${index}.`)
  return question
}

function ownerOfQuestion (question: Question): string {
  switch (question.kind) {
    case 'list': case 'value': return ownerOf(question.store, keyOfQuestion(question) ?? '')
    case 'ranking': case 'counts': return question.owner ?? question.store.name
  }
}

/** A key that nothing is stored under: U+0000 twice is no joined key. */
const NOTHING = '\u0000\u0000'

/** Four per question: kind, name, number or members, indexes of rankings. */
function argumentsOf (question: Question): [string, string, string, string] {
  switch (question.kind) {
    case 'list': case 'value': return [question.kind, `${question.store.name}:${keyOfQuestion(question) ?? NOTHING}`, '', '']
    case 'ranking': return ['ranking', rankingName(question), String(question.limit), '']
    case 'counts': {
      const { members } = question
      return 'unionOf' in members
        ? ['counts', rankingName(question), '', members.unionOf.length === 0 ? ' ' : members.unionOf.join(' ')]
        : ['counts', rankingName(question), JSON.stringify(members), '']
    }
  }
}

function rankingName ({ store, owner }: Pick<CountsQuestion, 'store' | 'owner'>): string {
  checkOwner(store, owner)
  return owner === undefined ? store.name : `${store.name}:${owner}`
}

function decode (question: Question, raw: unknown, before: readonly Answer[]): Answer {
  switch (question.kind) {
    case 'list': return textsIn(joined(raw)).map(entry => JSON.parse(entry.slice(entry.indexOf(':') + 1)))
    case 'value': return typeof raw === 'string' ? valueFrom(raw) : undefined
    case 'ranking': return rankedIn(joined(raw))
    case 'counts': {
      const counts = countsIn(joined(raw))
      const { members } = question
      return 'unionOf' in members
        ? new UnionCounts(() => membersOf(question, rankingsIn(before)), counts)
        : new Map([...membersOf(question, [])].map((member, index) => [member, counts[index] ?? 0]))
    }
  }
}

function valueFrom (raw: string): unknown {
  const json = raw.slice(raw.indexOf(':') + 1)
  return json === '' ? undefined : JSON.parse(json)
}

function joined (raw: unknown): string {
  if (typeof raw !== 'string') throw new TypeError('The read script answered something else than it was asked.')
  return raw
}
