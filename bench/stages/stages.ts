/** What a record goes through. Micros a record: of this thread's CPU, or of waiting for the service that does it. */
export const stageNames = ['decode', 'validate', 'graph', 'cache', 'encode', 'SQL reads', 'SQL', 'Redis'] as const
export type StageName = typeof stageNames[number]
export type Stages = Readonly<Record<StageName, number>>

/** Measured as CPU of one thread, so that what else runs on the machine matters little. */
export const cpuStages: ReadonlySet<StageName> = new Set(['decode', 'validate', 'graph', 'cache', 'encode'])

/** Adds up what each stage takes, over units. */
export class StageClock {
  readonly #micros = new Map<StageName, number[]>()

  cpu<T> (stage: StageName, records: number, work: () => T): T {
    const begun = process.threadCpuUsage()
    const result = work()
    const { user, system } = process.threadCpuUsage(begun)
    this.add(stage, (user + system) / records)
    return result
  }

  async wall<T> (stage: StageName, records: number, work: () => Promise<T>): Promise<T> {
    const begun = performance.now()
    const result = await work()
    this.add(stage, (performance.now() - begun) * 1000 / records)
    return result
  }

  add (stage: StageName, microsPerRecord: number): void {
    const all = this.#micros.get(stage)
    if (all === undefined) this.#micros.set(stage, [microsPerRecord])
    else all.push(microsPerRecord)
  }

  /** By unit, in their order. */
  of (stage: StageName): readonly number[] {
    return this.#micros.get(stage) ?? []
  }
}
