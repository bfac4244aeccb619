import type { TestEvent as NodeTestEvent } from 'node:test/reporters'

export type TestEvent = NodeTestEvent

export interface Outcome {
  success: boolean
  readonly skipped: SkippedTest[]
}

export interface SkippedTest {
  readonly name: string
  readonly reason: string
}

/**
 * Several runs of Node's test runner, reported as one: their closing accounts (`tests 12`, `pass 12`, …)
 * are held back and added up, so that whoever reads the last lines reads the whole.
 */
export async function * oneRun (events: AsyncIterable<TestEvent>, outcome: Outcome): AsyncGenerator<TestEvent> {
  const totals = new Map<string, number>()
  for await (const event of events) {
    if (event.type === 'test:summary' && event.data.file === undefined) outcome.success &&= event.data.success
    if (event.type === 'test:pass' && event.data.skip !== undefined) {
      outcome.skipped.push({ name: event.data.name, reason: typeof event.data.skip === 'string' ? event.data.skip : 'no reason given' })
    }
    const [, name, count] = event.type === 'test:diagnostic' && event.data.nesting === 0 ? closingLine.exec(event.data.message) ?? [] : []
    if (name === undefined) yield event
    else totals.set(name, (totals.get(name) ?? 0) + Number(count))
  }
  for (const [name, count] of totals) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${count}`, level: 'info' } }
  }
}

const closingLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/** What was not tested, and why, grouped by reason; nothing when nothing was left out. */
export function skipSummary (skipped: readonly SkippedTest[]): string {
  const reasons = Map.groupBy(skipped, ({ reason }) => reason)
  const lines = [...reasons].flatMap(([reason, tests]) => [`  ${tests.length} because ${reason}`, ...tests.map(({ name }) => `    - ${name}`)])
  return lines.length === 0 ? '' : `\n${skipped.length} skipped:\n${lines.join('\n')}\n`
}
