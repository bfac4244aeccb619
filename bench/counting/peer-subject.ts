import { readFile } from 'node:fs/promises'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { openBackendsMeter } from '../lib/backends.ts'
import type { Owner } from '../lib/owner.ts'
import { runPeer, type Peer, type PeerRun } from '../lib/peer.ts'
import type { Summary } from './orders.ts'
import type { CountingPace, CountingSubject, Ground } from './subject.ts'

const TIMEOUT_MS = 900_000

/** Each summary under its customer. */
const Summaries = Type.Record(Type.String(), Type.Object({
  count: Type.Integer(), sum: Type.Integer(), min: Type.Integer(), max: Type.Integer(), lastAt: Type.Integer()
}))

/** A program that speaks the protocol of `lib/peer.ts` and writes its summaries to the result file. */
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

export async function readSummaries (name: string, file: string): Promise<ReadonlyMap<string, Readonly<Summary>>> {
  const result: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!Value.Check(Summaries, result)) throw new TypeError(`The result of ${name} is no object of summaries by customer: ${JSON.stringify(result).slice(0, 200)}`)
  return new Map(Object.entries(result))
}

export function paceOf ({ seconds, recordsPerSecond, wallSeconds, cpuMicros, serversCpuMicros, machineCpuMicros, peakMegabytes }: PeerRun): CountingPace {
  return { seconds, recordsPerSecond, wallSeconds, subjectCpuMicros: cpuMicros, postgresCpuMicros: serversCpuMicros, machineCpuMicros, peakMegabytes }
}
