import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RoundResult } from '../test/helpers/fault-rounds.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'

const TEST = fileURLToPath(new URL('../scripts/test.ts', import.meta.url))

/** The rounds of `npm run test:faults`, as a table; with `--from`, those that a file of earlier rounds holds. */
export const faults: Benchmark = {
  name: 'faults',
  run: async context => summarize(context.from === undefined ? await runRounds(context) : readResults(context.from))
}

async function runRounds ({ rounds, services }: Context): Promise<RoundResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  const file = join(directory, 'results')
  try {
    const child = spawn(process.execPath, [TEST, 'faults'], {
      stdio: 'inherit',
      env: { ...process.env, KAFKA_BOOTSTRAP: services.kafka, REDIS_URL: services.redis, DATABASE_URL: services.postgres, FAULT_ROUNDS: String(rounds), FAULT_RESULTS: file }
    })
    await once(child, 'exit')
    return readResults(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function readResults (file: string): RoundResult[] {
  if (!existsSync(file)) return []
  // Written by the suite's own runner.
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line) as RoundResult)
}

export function summarize (results: readonly RoundResult[]): Result {
  const failed = results.filter(({ passed }) => !passed)
  const kinds = Map.groupBy(results, ({ kind }) => kind)
  const rows = [...kinds].sort(([a], [b]) => a < b ? -1 : 1).map(([kind, rounds]) => {
    const variants = Map.groupBy(rounds, ({ variant }) => variant)
    return [
      kind,
      [...variants].map(([variant, { length }]) => `${variant} (${length})`).sort().join(' · '),
      String(rounds.length),
      String(rounds.filter(({ passed }) => !passed).length),
      measuresOf(rounds)
    ]
  })
  return {
    correct: failed.length === 0 && results.length > 0,
    mistakes: [
      ...(results.length === 0 ? ['no round was run'] : []),
      ...failed.map(({ kind, variant, seed }) => `${kind}: ${variant}: FAULT_SEED=${seed} npm run test:faults -- faults/${kind}`)
    ],
    numbers: { rounds: results },
    tables: [{
      title: `Faults: ${results.length} rounds`,
      rows: [['kind', 'what breaks (rounds)', 'rounds', 'with a difference', 'the largest of what was measured'], ...rows],
      notes: [
        'A round runs the recommender in real processes on real Kafka, Redis and Postgres under a steady load with broken and duplicate records, breaks something, and compares every table, the projection and the dead letters with a plain model, row by row. A difference would be a record lost, counted twice, or projected wrongly. A dead letter may be sent again after a crash; those are counted. Several rounds ran at once on the two cores, so a pause has waiting for a processor in it, and starting one.',
        'Repeat it: `npm run bench -- faults --rounds 30`, or `FAULT_ROUNDS=100 npm run test:faults -- faults/kills`.'
      ]
    }]
  }
}

function measuresOf (rounds: readonly RoundResult[]): string {
  const largest = new Map<string, number>()
  for (const { measures } of rounds) for (const [what, value] of Object.entries(measures)) largest.set(what, Math.max(largest.get(what) ?? 0, value))
  return [...largest].map(([what, value]) => `${what}: ${value}`).join(' · ')
}
