import { readFile } from 'node:fs/promises'
import type { TSchema } from 'typebox'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { cpuStages, stageNames, type StageName, type Stages } from './stages.ts'

const Numbers = Type.Object({
  /** One worker's events per second against the floor's, in the same run. */
  ratio: Type.Number({ exclusiveMinimum: 0 }),
  /** What this machine took for the same piece of work that has nothing to do with Millrace, in µs. */
  yardstick: Type.Number({ exclusiveMinimum: 0 }),
  stages: Type.Record(Type.String(), Type.Number())
} satisfies Record<string, TSchema>)

export type Baseline = Static<typeof Numbers>

/** As the last whole run that was kept has left it. */
export async function readBaseline (file: URL): Promise<Baseline> {
  const saved: unknown = JSON.parse(await readFile(file, 'utf8'))
  return Value.Parse(Type.Object({ numbers: Numbers }), saved).numbers
}

/** A drop of the ratio beyond this is a failure. */
export const ALLOWED_DROP = 0.25
/** A stage that takes so much more is named. */
const SUSPECT = 1.25

export function hasDropped (ratio: number, baseline: Pick<Baseline, 'ratio'>): boolean {
  return !(ratio >= baseline.ratio * (1 - ALLOWED_DROP))
}

/** The stages that take more CPU than before, each with how many times as much; both measured by their machine's yardstick. */
export function slowerStages (now: { readonly yardstick: number, readonly stages: Stages }, before: Baseline): readonly (readonly [StageName, number])[] {
  return stageNames.flatMap(name => {
    const was = before.stages[name]
    if (was === undefined || !cpuStages.has(name)) return []
    const times = now.stages[name] / now.yardstick / (was / before.yardstick)
    return times > SUSPECT ? [[name, times] as const] : []
  })
}
