import { joinKey } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { CountsQuestion, ListQuestion, Question, Ranked, RankingQuestion, ValueQuestion } from './state-reader.ts'

/** A question's joined key; undefined where it holds what no stored text can hold, so that the answer is empty everywhere. */
export function keyOfQuestion ({ store, key }: ListQuestion | ValueQuestion): string | undefined {
  return store.key.every(column => isStorable(key[column] ?? '')) ? joinKey(store.key, key) : undefined
}

/** Postgres text has no U+0000, and a lone surrogate is no character. */
export function isStorable (text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

/** A ranking has an owner where its counter's key has two columns, and only there. */
export function checkOwner (store: Counter, owner: string | undefined): void {
  if ((store.key.length === 2) === (owner !== undefined)) return
  throw new TypeError(owner === undefined
    ? `Counter '${store.name}' has a ranking per '${store.key[0]}'; say whose with { owner }.`
    : `Counter '${store.name}' has one ranking; leave owner '${owner}' out.`)
}

/** The rankings whose members a question unites; they stand before it. */
export function rankingsToUnite (question: CountsQuestion, questions: readonly Question[]): RankingQuestion[] {
  const { members } = question
  if (!('unionOf' in members)) return []
  const before = questions.indexOf(question)
  return members.unionOf.map(index => {
    const ranking = questions[index]
    if (ranking?.kind !== 'ranking' || index >= before) throw new TypeError(`Question ${index} is no ranking before the one that unites its members.`)
    return ranking
  })
}

/** The members a question counts, each once: those given, or those of the rankings answered before, in order of first appearance. */
export function membersOf ({ members }: CountsQuestion, rankings: readonly (readonly Ranked[])[]): Set<string> {
  return 'unionOf' in members
    ? new Set(members.unionOf.flatMap(index => rankings[index] ?? []).map(({ member }) => member))
    : new Set(members)
}
