import { appendFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { createRandom, type Random } from '../../bin/sample-events.ts'
import { openFaultWorld, type FaultWorld, type FaultWorldOptions } from './faults.ts'
import { servicesOrSkip, type Services } from './services.ts'

/** One fault, under load, on an application id of its own. */
export interface Round {
  readonly t: TestContext
  readonly services: Services
  readonly seed: number
  readonly random: Random
  /** The recommender with a log drawn from this round's seed, on these services or others. */
  readonly openWorld: (options?: FaultWorldOptions & { readonly services?: Services }) => Promise<FaultWorld>
  /** A number for the table of results, such as a pause; of several of one name the largest stands. */
  readonly measured: (what: string, value: number) => void
}

export type Variant = (round: Round) => Promise<void>

/** What became of a round, a line of JSON in the file that FAULT_RESULTS names. */
export interface RoundResult {
  readonly kind: string
  readonly variant: string
  readonly seed: number
  readonly passed: boolean
  readonly seconds: number
  readonly measures: Readonly<Record<string, number>>
}

/** A round that takes longer hangs; one of a million records takes minutes. */
const ROUND_TIMEOUT_MS = 15 * 60_000

/**
 * Rounds of one kind of fault, FAULT_ROUNDS of them, at least one of each variant. A round is drawn by its seed, variant
 * included, and says it in its title; FAULT_SEED runs that one round again.
 */
export function faultRounds (kind: string, variants: Readonly<Record<string, Variant>>): void {
  void test(`faults: ${kind}`, async t => {
    const services = await servicesOrSkip(t)
    if (services === undefined) return
    const names = Object.keys(variants)
    for (const seed of seedsOf(names.length, process.env)) {
      const name = names[seed % names.length] ?? ''
      await t.test(`${kind}: ${name} (FAULT_SEED=${seed})`, { timeout: ROUND_TIMEOUT_MS }, async t => await runRound({ t, services, kind, name, seed, variant: variants[name] }))
    }
  })
}

/** The remainder of a seed by the number of variants is its variant: each in turn, so that each comes at least once. */
export function seedsOf (variants: number, env: Readonly<Record<string, string | undefined>>): number[] {
  if (env['FAULT_SEED'] !== undefined) return [Number(env['FAULT_SEED'])]
  const rounds = Math.max(variants, Number(env['FAULT_ROUNDS'] ?? 0))
  return Array.from({ length: rounds }, (_, round) => randomInt(1_000_000) * variants + round % variants)
}

interface RunRound {
  readonly t: TestContext
  readonly services: Services
  readonly kind: string
  readonly name: string
  readonly seed: number
  readonly variant: Variant | undefined
}

async function runRound ({ t, services, kind, name, seed, variant }: RunRound): Promise<void> {
  const begun = performance.now()
  const measures: Record<string, number> = {}
  const measured = (what: string, value: number): void => { measures[what] = Math.max(measures[what] ?? 0, Math.round(value)) }
  const openWorld: Round['openWorld'] = async ({ services: own = services, ...options } = {}) => await openFaultWorld(t, own, { seed, measured, ...options })
  let passed = false
  try {
    await variant?.({ t, services, seed, random: createRandom(seed), openWorld, measured })
    passed = true
  } finally {
    for (const [what, value] of Object.entries(measures)) t.diagnostic(`${what}: ${value}`)
    write({ kind, variant: name, seed, passed, seconds: Math.round((performance.now() - begun) / 100) / 10, measures })
  }
}

function write (result: RoundResult): void {
  const file = process.env['FAULT_RESULTS']
  if (file !== undefined) appendFileSync(file, JSON.stringify(result) + '\n')
}
