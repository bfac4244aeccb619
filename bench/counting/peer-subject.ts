import { readFile } from 'node:fs/promises'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { openBackendsMeter } from '../lib/backends.ts'
import type { Owner } from '../lib/owner.ts'
import { runPeer, type Peer, type PeerRun } from '../lib/peer.ts'
import type { Summary } from './orders.ts'
import type { CountingPace, CountingSubject, Ground } from './subject.ts'

const TIMEOUT_MS = 900_000

/** A line of the result file; the key is the customer. */
const Line = Type.Object({ key: Type.String(), count: Type.Integer(), sum: Type.Integer(), min: Type.Integer(), max: Type.Integer(), lastAt: Type.Integer() })

/** A program that speaks the protocol of `lib/peer.ts` and writes its summaries to the result file, a line each. */
export function peerSubject (name: string, peerOf: (ground: Ground) => Promise<Peer>): CountingSubject {
  return {
    name,
    isPeer: true,
    async run (owner, ground) {
      const run = await runPeer(owner, await peerOf(ground), { timeoutMs: TIMEOUT_MS })
      return { pace: paceOf(run), summaries: await readSummaries(name, ground.resultFile) }
    }
  }
}

/** As a peer, of a program of ours; with what Postgres does for it. */
export async function runOwn (owner: Owner, { services, applicationId }: Ground, peer: Peer): Promise<CountingPace> {
  return paceOf(await runPeer(owner, peer, { timeoutMs: TIMEOUT_MS, serversCpu: await openBackendsMeter(owner, services, applicationId) }))
}

/** Of a file in which a customer occurs once. */
export async function readSummaries (name: string, file: string): Promise<ReadonlyMap<string, Readonly<Summary>>> {
  const summaries = new Map<string, Summary>()
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    if (text === '') continue
    const line: unknown = JSON.parse(text)
    if (!Value.Check(Line, line)) throw new TypeError(`A line of ${name}'s result is no summary: ${text.slice(0, 200)}`)
    const { key, ...summary } = line
    if (summaries.has(key)) throw new TypeError(`${name}'s result has ${key} twice.`)
    summaries.set(key, summary)
  }
  return summaries
}

export function paceOf ({ seconds, recordsPerSecond, wallSeconds, cpuMicros, serversCpuMicros, machineCpuMicros, peakMegabytes }: PeerRun): CountingPace {
  return { seconds, recordsPerSecond, wallSeconds, subjectCpuMicros: cpuMicros, postgresCpuMicros: serversCpuMicros, machineCpuMicros, peakMegabytes }
}
