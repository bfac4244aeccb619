import type { Finding } from './finding.ts'

const RESET = 'Needs a reset: stop all workers, then `millrace reset --to-earliest`; or go back to what it was.'

export function needsReset (node: string, found: string, instead = RESET): Finding {
  return { rule: 'against', severity: 'error', node, found, todo: instead }
}

export function compatible (node: string, found: string): Finding {
  return { rule: 'against', severity: 'note', node, found, todo: 'Compatible: nothing to do.' }
}

/** The first of those that are new which is like one that is gone: it may be the same under another name. */
export function renamed<T extends { readonly name: string }> (gone: readonly T[], added: readonly T[], isAlike: (one: T, other: T) => boolean): Map<T, T> {
  const pairs = new Map<T, T>()
  for (const old of gone) {
    const match = added.find(each => isAlike(old, each) && ![...pairs.values()].includes(each))
    if (match !== undefined) pairs.set(old, match)
  }
  return pairs
}

/** What of two lists only the one has, only the other has, and what both have. */
export function difference<T extends { readonly name: string }> (earlier: readonly T[], now: readonly T[]): { readonly gone: readonly T[], readonly added: readonly T[], readonly both: readonly (readonly [T, T])[] } {
  return {
    gone: earlier.filter(({ name }) => !now.some(each => each.name === name)),
    added: now.filter(({ name }) => !earlier.some(each => each.name === name)),
    both: earlier.flatMap(old => now.filter(({ name }) => name === old.name).map(each => [old, each] as const))
  }
}
