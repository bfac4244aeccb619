import { joinKey } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { CountsQuestion, ListQuestion, Question, Ranked, ValueQuestion } from './state-reader.ts'

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

/** Whether what a question counts is in the answers of others. */
export function isUnion (question: Question): question is CountsQuestion {
  return question.kind === 'counts' && 'unionOf' in question.members
}

/** The rankings whose members a question unites stand before it. */
export function checkUnion (question: CountsQuestion, questions: readonly Question[]): void {
  const { members } = question
  if (!('unionOf' in members)) return
  const before = questions.indexOf(question)
  for (const index of members.unionOf) {
    if (questions[index]?.kind !== 'ranking' || index >= before) throw new TypeError(`Question ${index} is no ranking before the one that unites its members.`)
  }
}

/** The members a question counts, each once: those given, or those of the rankings answered before, in order of first appearance. */
export function membersOf ({ members }: CountsQuestion, rankings: readonly (readonly Ranked[])[]): Set<string> {
  return 'unionOf' in members
    ? new Set(members.unionOf.flatMap(index => rankings[index] ?? []).map(({ member }) => member))
    : new Set(members)
}

/** A question that unites, now that its rankings are answered, as one whose members are given. */
export function withMembers (question: Question, answers: readonly unknown[]): Question {
  return isUnion(question) ? { ...question, members: [...membersOf(question, rankingsIn(answers))] } : question
}

/** The answers that are rankings, in their places. */
export function rankingsIn (answers: readonly unknown[]): (readonly Ranked[])[] {
  return Array.from(answers, answer => Array.isArray(answer) ? answer : [])
}
