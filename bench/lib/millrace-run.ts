import type { Topology } from '../../streams/index.ts'
import { openPostgres, openPostgresSource, openStoreQueries, type StoreQueries } from '../../streams/runtime.ts'
import { serviceEnvironment } from '../../test/helpers/services.ts'
import { followPositions, type Pace } from './positions.ts'
import { levelAfter } from './projection-level.ts'
import type { StartedProcess } from './processes.ts'
import type { Fresh, Outcome } from './race.ts'

/** At 100,000 records a second still ten commits a second, where the others commit once; the more records, the fewer writes of each key. */
export const UNIT_RECORDS = 10_000

type Application = Pick<Fresh, 'services' | 'applicationId'>

/** What `millrace run` is told on the services, whatever its topology reads. */
export function runEnvironment ({ services, applicationId }: Application): Record<string, string> {
  return { ...serviceEnvironment(services, applicationId), LOG_LEVEL: 'warn' }
}

interface Work extends Application {
  readonly records: number
  /** Whether Redis follows. */
  readonly projects: boolean
  readonly timeoutMs?: number
  readonly start: () => readonly StartedProcess[]
}

/** Processes that keep their positions in Postgres, from their start until all records are behind these; then they are stopped. */
export async function workOff ({ start, projects, ...followed }: Work): Promise<Pace & Pick<Outcome, 'wallSeconds' | 'projectionBehindMs'>> {
  const startedAt = performance.now()
  const processes = start()
  const pace = await followPositions({ ...followed, pids: processes.map(({ pid }) => pid), stillRuns: () => firstEnded(processes) })
  const wallSeconds = (performance.now() - startedAt) / 1000
  const projectionBehindMs = projects ? await levelAfter(followed.services, followed.applicationId) : null
  for (const { stop } of processes) await stop()
  return { ...pace, wallSeconds, projectionBehindMs }
}

function firstEnded (processes: readonly StartedProcess[]): string | undefined {
  return processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)?.output()
}

/** What the stores hold in Postgres. */
export async function readStores<T> ({ services, applicationId }: Application, topology: Topology, read: (queries: StoreQueries) => Promise<T>): Promise<T> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 1, readOnly: true })
  try {
    return await read(openStoreQueries({ topology, applicationId, source: openPostgresSource({ database, applicationId }) }))
  } finally {
    await database.close()
  }
}
