import type { PeerRun } from './peer.ts'
import type { Outcome } from './race.ts'

/** A peer has no projection, and of Postgres it uses its own backends at most. */
export function outcomeOf ({ recordsPerSecond, cpuMicros, serversCpuMicros, ...run }: PeerRun, mistake: string | undefined): Outcome {
  return {
    ...run,
    eventsPerSecond: recordsPerSecond,
    subjectCpuMicros: cpuMicros,
    postgresCpuMicros: serversCpuMicros,
    postgresTreeCpuMicros: null,
    projectionBehindMs: null,
    mistake: mistake ?? null
  }
}
