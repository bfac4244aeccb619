import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { Value } from 'typebox/value'
import { runToEnd } from '../helpers/run.ts'
import { ScenarioFile, type Scenario } from './format.ts'
import { RulesFile } from './rules/format.ts'
import { rulesOf, runRule } from './rules/run-rules.ts'
import { runScenario } from './run-scenario.ts'

const vector = (name: string): unknown => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'))
const scenariosIn = (name: string): readonly Scenario[] => Value.Parse(ScenarioFile, vector(name)).scenarios
const rules = Value.Parse(RulesFile, vector('rules'))

for (const [name, count] of [['scenarios', 50], ['more', 152]] as const) {
  suite(`what comes out of each step is what comes out of Kafka Streams: ${name}`, () => {
    const scenarios = scenariosIn(name)
    for (const scenario of scenarios) {
      test(scenario.id, async () => {
        const result = await runScenario(scenario)
        assert.equal(result.outcome, 'passed', result.outcome === 'failed' ? result.differences.join('\n') : result.outcome === 'unsupported' ? result.why : undefined)
      })
    }
    test('all of the file was run', () => assert.equal(scenarios.length, count))
  })
}

suite('the rules of Kafka Streams that are data hold', () => {
  for (const rule of rulesOf(rules)) test(rule.id, async () => assert.deepEqual(await runRule(rule), []))
  test('all of the file was run', () => assert.equal(rulesOf(rules).length, 96))
})

/** The command over one file with this in it: how it ended, what it printed before its last line, and that. */
async function run (t: TestContext, document: unknown, ...options: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'vectors.json')
  writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document))
  const { code, stdout, stderr } = await runToEnd(['../test/conformance/cli.ts', ...options, file])
  const lines = stdout.trimEnd().split('\n')
  const last = lines.pop() ?? ''
  return { code, printed: lines.join('\n'), summary: (last.startsWith('{') ? JSON.parse(last) : undefined) as unknown, stderr }
}

const small: Scenario = {
  id: 'small',
  topology: [
    { op: 'stream', id: 's', topic: 'in', key: 'string', value: 'string' },
    { op: 'groupByKey', id: 'g', from: 's' },
    { op: 'count', id: 'n', from: 'g' },
    { op: 'capture', id: 'c', from: 'n' }
  ],
  steps: [{ topic: 'in', key: 'A', value: 'a', ts: 1, out: [['c', 'A', 1, 1]] }, { topic: 'in', key: 'A', value: 'b', ts: 5, out: [['c', 'A', 2, 5]] }],
  metrics: { 'dropped-records-total': 0 }
}

/** `small` with another expectation of its second step. */
const expecting = (id: string, out: readonly (readonly [string, string, number | null, number])[]): unknown => {
  return { ...small, id, steps: [small.steps[0], { ...small.steps[1], out }] }
}

test('the command ends with 0 and one line of JSON where all pass', async t => {
  const { code, printed, summary } = await run(t, { scenarios: [small] })

  assert.deepEqual([code, printed, summary], [0, '', { scenarios: 1, passed: 1, failed: [], unsupported: [] }])
})

test('a changed expectation fails and is named, whatever was changed in it', async t => {
  const changed = [
    expecting('value', [['c', 'A', 3, 5]]), expecting('timestamp', [['c', 'A', 2, 4]]), expecting('key', [['c', 'B', 2, 5]]), expecting('capture', [['d', 'A', 2, 5]]),
    expecting('missing', []), expecting('tombstone', [['c', 'A', null, 5]]), expecting('more', [['c', 'A', 2, 5], ['c', 'A', 2, 5]]),
    { ...small, id: 'metric', metrics: { 'dropped-records-total': 1 } }
  ]
  const { code, printed, summary } = await run(t, { scenarios: [...changed, small] })

  assert.equal(code, 1)
  assert.deepEqual(summary, { scenarios: 9, passed: 1, failed: ['value', 'timestamp', 'key', 'capture', 'missing', 'tombstone', 'more', 'metric'], unsupported: [] })
  assert.match(printed, /^value\n {2}step 1: in <- "A": "b" @ 5\n {4}- c "A": 3 @ 5\n {4}\+ c "A": 2 @ 5$/m)
  assert.match(printed, /^metric\n {2}metric dropped-records-total: - 1 \+ 0$/m)
})

test('what the runner does not know is listed with the reason, and is no pass', async t => {
  const { topology } = small
  const { code, summary } = await run(t, { scenarios: [{ ...small, id: 'new', topology: [...topology, { op: 'teleport', id: 'x', from: 'n' }] }, small] })

  assert.deepEqual([code, summary], [1, { scenarios: 2, passed: 1, failed: [], unsupported: [{ id: 'new', why: "op 'teleport' is not known" }] }])
})

test('a changed rule fails and is named, in every section', async t => {
  const changed = {
    murmur2: { vectors: [{ label: 'hash', keyHex: '61', murmur2: 1 }, { label: 'partition', keyHex: '61', partition: { 2: 1 } }, { label: 'right', keyHex: '61', murmur2: -1_563_381_124 }] },
    timeWindowsFor: { vectors: [{ sizeMs: 10, advanceMs: 5, ts: 5, windows: [[5, 15]] }] },
    windowOverlap: [{ type: 'session (end inclusive)', window: [50, 100], cases: [{ other: [100, 150], overlaps: false }, { other: [101, 150], overlaps: false }] }],
    versionedStore: {
      historyRetentionMs: 100,
      vectors: [
        { id: 'put', ops: [{ op: 'put', key: 'k', value: 'v', ts: 1, returns: 2 }] },
        { id: 'get', ops: [{ op: 'put', key: 'k', value: 'v', ts: 1 }, { op: 'get', key: 'k', expect: null }] },
        { id: 'as-of', ops: [{ op: 'put', key: 'k', value: 'v', ts: 1 }, { op: 'getAsOf', key: 'k', asOf: 1, expect: { value: 'v', ts: 1, validTo: 2 } }] },
        { id: 'dropped', ops: [{ op: 'expectDroppedRecords', total: 1 }] },
        { id: 'unknown', ops: [{ op: 'fly' }] }
      ]
    },
    recordSelection: [
      { id: 'partition', ops: [{ add: { p1: [1], p2: [0] } }, { next: { partition: 'p1', ts: 1 } }] },
      { id: 'lateness', ops: [{ add: { p1: [5, 3] } }, { next: { partition: 'p1', ts: 5, lateness: 0 } }, { next: { partition: 'p1', ts: 3, streamTime: 5, lateness: 1 } }] },
      { id: 'unknown', ops: [{ fly: {} }] }
    ]
  }
  const { code, printed, summary } = await run(t, changed, '--rules')

  assert.equal(code, 1)
  assert.deepEqual(summary, {
    rules: 14,
    passed: 2,
    failed: [
      'murmur2/hash', 'murmur2/partition', 'timeWindowsFor/10/5/5', 'windowOverlap/session/50-100/0/100-150',
      ...['put', 'get', 'as-of', 'dropped', 'unknown'].map(id => `versionedStore/${id}`), ...['partition', 'lateness', 'unknown'].map(id => `recordSelection/${id}`)
    ]
  })
  assert.match(printed, /op 0, fly : op 'fly' is not known/)
  assert.match(printed, /op 2, next: - \{"partition":"p1","ts":3,"streamTime":5,"lateness":1\} \+ \{"partition":"p1","ts":3,"streamTime":5,"lateness":2\}/)
})

test('a file that cannot be read, or is in another format, is said and ends with 1', async t => {
  const notJson = await run(t, '{')
  const notScenarios = await run(t, { scenarios: [{ id: 'x' }] })

  assert.deepEqual([notJson.code, notScenarios.code], [1, 1])
  assert.match(notJson.stderr, /cannot be read as JSON/)
  assert.match(notScenarios.stderr, /not in the format of scenarios/)
})
