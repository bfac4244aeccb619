import { errorOf, timeOf } from './criteria.ts'
import type { DeadLetter } from './dead-letter.ts'

/** Dead letters that went wrong alike. */
export interface Group {
  readonly error: string | undefined
  readonly errorClass: string
  readonly node: string | undefined
  readonly source: string | undefined
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /** The newest one's, as an example. */
  readonly message: string | undefined
}

/** What a topic of many kinds of errors may hold: further kinds are counted together. */
const MAX_GROUPS = 1_000

/** Counts dead letters by error, class, node and source. Most frequent first. */
export async function groupLetters (letters: AsyncIterable<DeadLetter>): Promise<Group[]> {
  const groups = new Map<string, Group>()
  for await (const letter of letters) {
    const alike = { error: errorOf(letter), errorClass: letter.errorClass, node: letter.node, source: letter.origin?.topic }
    const key = JSON.stringify(alike)
    const known = groups.get(key)
    if (known === undefined && groups.size >= MAX_GROUPS) add(groups, OTHERS, { error: OTHERS, errorClass: 'unknown', node: undefined, source: undefined }, letter)
    else add(groups, key, alike, letter)
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}

const OTHERS = '(others)'

function add (groups: Map<string, Group>, key: string, alike: Pick<Group, 'error' | 'errorClass' | 'node' | 'source'>, letter: DeadLetter): void {
  const known = groups.get(key)
  const time = timeOf(letter)
  const isNewest = known === undefined || time >= known.lastMs
  groups.set(key, {
    ...alike,
    count: (known?.count ?? 0) + 1,
    firstMs: Math.min(time, known?.firstMs ?? time),
    lastMs: Math.max(time, known?.lastMs ?? time),
    message: isNewest ? letter.message : known.message
  })
}
