import type { Rule, RulesFile } from './format.ts'
import { murmur2Rule, overlapRules, timeWindowsRule } from './pure.ts'
import { recordSelectionRule } from './record-selection.ts'
import { versionedStoreRule } from './versioned-store.ts'

/** The rules of a file that are data: one per vector, and of windows that overlap one per case. */
export function rulesOf ({ murmur2, timeWindowsFor, windowOverlap, versionedStore, recordSelection }: RulesFile): readonly Rule[] {
  return [
    ...vectorsOf(murmur2).map(murmur2Rule),
    ...vectorsOf(timeWindowsFor).map(timeWindowsRule),
    ...vectorsOf(windowOverlap).flatMap(overlapRules),
    ...vectorsOf(versionedStore).map(vector => versionedStoreRule(vector, Array.isArray(versionedStore) ? {} : versionedStore ?? {})),
    ...vectorsOf(recordSelection).map(recordSelectionRule)
  ]
}

/** What differs; an error that it throws does too. */
export async function runRule ({ run }: Rule): Promise<readonly string[]> {
  try {
    return await run()
  } catch (error) {
    return [`it stopped: ${error instanceof Error ? error.stack ?? error.message : String(error)}`]
  }
}

function vectorsOf<T> (section: readonly T[] | { readonly vectors: readonly T[] } | undefined): readonly T[] {
  if (section === undefined) return []
  return 'vectors' in section ? section.vectors : section
}
