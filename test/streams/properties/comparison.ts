import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { choices, families, type Choices, type Family } from './families.ts'
import { perform, play, type Output, type Play } from './play.ts'

/** Runs random plays of one operator, or of all in turn, and compares each with the model. */
export async function compareWithModel (cases: number, seed: number | undefined, name?: string): Promise<void> {
  const chosen = families.filter(family => name === undefined || family.name === name)
  await fc.assert(fc.asyncProperty(fc.constantFrom(...chosen).map(family => ({ ...family, toString: () => family.name })), choices, play, compare), {
    numRuns: cases, ...(seed === undefined ? {} : { seed })
  })
}

async function compare (family: Family, chosen: Choices, drawn: Play): Promise<void> {
  const readsSource = family.readsTables === true && chosen.tables === 'source'
  const setting = { ...chosen, unitMs: drawn.unitMs, repartitioned: drawn.repartitioned && !readsSource }
  const { piped, outputs, sunk, ...noted } = await perform(family.build(setting), { ...drawn, repartitioned: setting.repartitioned }, readsSource || family.oneByOne === true)
  const arrived = readsSource ? piped : noted.arrived
  assert.deepEqual(sorted(arrived), sorted(piped), 'each record arrives once')
  // Behind a repartition topic, what an undone unit has written to the sink may have no counterpart in the one that was committed.
  if (!setting.repartitioned) assert.deepEqual(sorted(sunk), sorted(outputs), 'the sink holds what was committed')
  if (family.lastOnly === true) {
    assert.deepEqual(lastOf(outputs), lastOf(family.expected(arrived, setting) ?? []))
    return
  }
  const expected = [...Map.groupBy(arrived, ({ partition }) => partition).values()].map(arrivals => family.expected(arrivals, setting))
  fc.pre(expected.every(each => each !== undefined))
  const shown = family.repeats === true ? withoutRepeats : byKey
  assert.deepEqual(shown(outputs), shown(expected.flatMap(each => each ?? [])))
}

function sorted (records: readonly object[]): string[] {
  return records.map(record => inspect(record)).sort()
}

/** In each key's order; that between keys is not promised. */
function byKey (outputs: readonly Output[]): ReadonlyMap<string, readonly Output[]> {
  return new Map([...Map.groupBy(outputs, ({ key }) => key)].sort(([a], [b]) => a < b ? -1 : 1))
}

function withoutRepeats (outputs: readonly Output[]): ReadonlyMap<string, readonly Output[]> {
  return new Map([...byKey(outputs)].map(([key, values]) => [key, values.filter((value, at) => inspect(value) !== inspect(values[at - 1]))]))
}

function lastOf (outputs: readonly Output[]): ReadonlyMap<string, unknown> {
  const last = new Map<string, unknown>()
  for (const { key, value } of outputs) {
    last.delete(key)
    if (value !== null && value !== 0) last.set(key, value)
  }
  return new Map([...last].sort(([a], [b]) => a < b ? -1 : 1))
}
