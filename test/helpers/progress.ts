import type { FaultWorld } from './faults.ts'
import type { WorkerProcess } from './recommender.ts'
import { withPostgres } from './with-postgres.ts'

/** How long it takes from now until a unit is committed. There must be work. */
export async function progress ({ services, applicationId }: Pick<FaultWorld, 'services' | 'applicationId'>, worker: WorkerProcess, timeoutMs = 30_000): Promise<number> {
  const begun = performance.now()
  return await withPostgres(services, async client => {
    const units = async (): Promise<string | undefined> => (await client.query<{ units: string }>(`select sum(unit) as units from "${applicationId}".millrace_tasks`)).rows[0]?.units
    const before = await units()
    while (await units() === before) {
      if (worker.child.exitCode !== null || performance.now() - begun > timeoutMs) throw new Error(`No unit was committed within ${timeoutMs} ms:\n${worker.output()}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    return performance.now() - begun
  })
}
