import type { Compare, Output } from './format.ts'

/** Whether what came out of a step is what was to come, as far as the scenario asks. */
export function isSame (expected: readonly Output[], actual: readonly Output[], compare: Compare = 'ordered'): boolean {
  return JSON.stringify(normal(expected, compare)) === JSON.stringify(normal(actual, compare))
}

function normal (outputs: readonly Output[], compare: Compare): unknown {
  switch (compare) {
    case 'ordered': return outputs
    case 'unorderedPerStep': return outputs.map(output => JSON.stringify(output)).sort()
    case 'orderedPerCapture': return [...Map.groupBy(outputs, ([capture]) => capture)].sort(([a], [b]) => a < b ? -1 : 1)
    // Only the values: duplicates, and the times of those that came first, are an artefact.
    case 'lastPerKeyPerStep': return [...new Map(outputs.map(([capture, key, value, timestamp]) => [JSON.stringify([capture, key]), [value, timestamp]]))].sort(([a], [b]) => a < b ? -1 : 1)
  }
}
