import { createTestDriver } from '../../streams/testing.ts'
import { buildScenario } from './build.ts'
import { isSame } from './compare.ts'
import { UnsupportedError, type Output, type Scenario, type Step } from './format.ts'

export type ScenarioResult =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'unsupported', readonly why: string }
  | { readonly outcome: 'failed', readonly differences: readonly string[] }

/** Builds the scenario, pipes its steps, and compares what came out of each. */
export async function runScenario (scenario: Scenario): Promise<ScenarioResult> {
  const differences: string[] = []
  try {
    const { topology, topics, captured } = buildScenario(scenario)
    const driver = createTestDriver(topology)
    for (const [index, step] of scenario.steps.entries()) {
      captured.length = 0
      if ('topic' in step) {
        const topic = topics.get(step.topic)
        if (topic === undefined) throw new UnsupportedError(`step ${index} pipes into topic '${step.topic}', which the topology does not read`)
        await driver.topic(topic).pipe(step.key, step.value, { timestamp: step.ts })
      } else {
        await driver.advanceWallClock(step.advanceWallClockMs)
      }
      if (!isSame(step.out, captured, scenario.compare)) differences.push(differenceOf(index, step, captured))
    }
    if (scenario.metrics !== undefined) differences.push(...compareMetrics(scenario.metrics, await driver.metrics()))
    await driver.close()
  } catch (error) {
    if (error instanceof UnsupportedError) return { outcome: 'unsupported', why: error.message }
    differences.push(`it stopped: ${error instanceof Error ? error.stack : String(error)}`)
  }
  return differences.length === 0 ? { outcome: 'passed' } : { outcome: 'failed', differences }
}

function differenceOf (index: number, step: Step, actual: readonly Output[]): string {
  const what = 'topic' in step ? `${step.topic} <- ${JSON.stringify(step.key)}: ${JSON.stringify(step.value)} @ ${step.ts}` : `clock + ${step.advanceWallClockMs} ms`
  return [`step ${index}: ${what}`, ...step.out.map(output => `  - ${print(output)}`), ...actual.map(output => `  + ${print(output)}`)].join('\n')
}

function print ([capture, key, value, timestamp]: Output): string {
  return `${capture} ${JSON.stringify(key)}: ${JSON.stringify(value)} @ ${timestamp}`
}

function compareMetrics (expected: Readonly<Record<string, number>>, actual: object): string[] {
  const found: Readonly<Record<string, unknown>> = { ...actual }
  return Object.entries(expected).flatMap(([name, value]) => found[name] === value ? [] : [`metric ${name}: - ${value} + ${String(found[name])}`])
}
