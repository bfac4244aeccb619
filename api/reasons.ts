import type { SecondLook } from '../stores/reco-features.ts'

/** For each chosen item the history items that lead to it, newest first. */
export function reasonsFor (items: readonly string[], history: readonly string[], related: SecondLook['related']): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map(items.map((item): [string, string[]] => [item, []]))
  for (const [index, from] of history.entries()) {
    for (const member of related[index]?.members ?? []) {
      const because = reasons.get(member)
      if (because !== undefined && !because.includes(from)) because.push(from)
    }
  }
  return reasons
}
