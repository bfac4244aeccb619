import { readTopic } from '../../test/helpers/recommender.ts'
import type { Expected, Summaries, Summary } from './orders.ts'
import type { CountingRun } from './subject.ts'

export interface Found {
  readonly summaries: Summaries
  /** The values of the dead letters, in any order. */
  readonly deadLetters: readonly string[]
}

/** What is wrong with these summaries, or with the dead letters that are in the topic now; undefined: nothing. */
export async function checkRun ({ services, deadLetterTopic, expected }: CountingRun, summaries: Summaries): Promise<string | undefined> {
  const deadLetters = (await readTopic(services, deadLetterTopic)).map(({ value }) => String(value))
  return findMistake({ summaries, deadLetters }, expected)
}

/** What is wrong with a result; undefined: it is exactly the model's. */
export function findMistake (found: Found, expected: Expected): string | undefined {
  for (const [customer, wanted] of expected.summaries) {
    const difference = differenceOf(found.summaries.get(customer), wanted)
    if (difference !== undefined) return `${customer}: ${difference}`
  }
  const stranger = [...found.summaries.keys()].find(customer => !expected.summaries.has(customer))
  if (stranger !== undefined) return `${stranger} has a summary and no valid order`

  const deadLetters = found.deadLetters.toSorted()
  const different = expected.deadLetters.findIndex((value, index) => deadLetters[index] !== value)
  if (different !== -1) return `${deadLetters.length} dead letters, expected ${expected.deadLetters.length}; sorted, number ${different} is ${deadLetters[different] ?? 'missing'}, expected ${expected.deadLetters[different]}`
  return deadLetters.length === expected.deadLetters.length ? undefined : `${deadLetters.length} dead letters, expected ${expected.deadLetters.length}`
}

const FIELDS = ['count', 'sum', 'min', 'max', 'lastAt'] as const

function differenceOf (found: Readonly<Summary> | undefined, wanted: Readonly<Summary>): string | undefined {
  if (found === undefined) return 'no summary'
  const field = FIELDS.find(field => found[field] !== wanted[field])
  return field && `${field} is ${found[field]}, expected ${wanted[field]}`
}
