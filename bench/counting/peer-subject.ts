import { openBackendsMeter } from '../lib/backends.ts'
import type { Owner } from '../lib/owner.ts'
import { runPeer, type Peer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import type { Outcome } from '../lib/race.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { checkRun } from './check.ts'
import type { Summaries } from './orders.ts'
import { readSummaries } from './read-summaries.ts'
import type { CountingRun, CountingSubject } from './subject.ts'

const TIMEOUT_MS = 900_000

/** A program that speaks the protocol of `lib/peer.ts` and writes its summaries to the result file, a line each. */
export function peerSubject (name: string, peerOf: (run: CountingRun, resultFile: string) => Promise<Peer>): CountingSubject {
  return {
    name,
    isPeer: true,
    async run (owner, run) {
      const resultFile = await freshResultFile(owner)
      const pace = await runPeer(owner, await peerOf(run, resultFile), { timeoutMs: TIMEOUT_MS })
      return outcomeOf(pace, await checkRun(run, await readSummaries(name, resultFile)))
    }
  }
}

/** As a peer, of a program of ours; with what Postgres does for it. */
export async function runOwn (owner: Owner, run: CountingRun, peer: Peer, summariesOf: () => Promise<Summaries>): Promise<Outcome> {
  const { services, applicationId } = run
  const pace = await runPeer(owner, peer, { timeoutMs: TIMEOUT_MS, serversCpu: await openBackendsMeter(owner, services, applicationId) })
  return outcomeOf(pace, await checkRun(run, await summariesOf()))
}
