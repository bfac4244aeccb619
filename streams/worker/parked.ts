import { FatalError } from '../errors.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import type { ParkedPlace, State } from '../state/state.ts'

export interface ParkedCheck {
  readonly applicationId: string
  readonly subTopologies: readonly SubTopology[]
  readonly state: Pick<State, 'loadParked'>
}

/** What is parked in a sub-topology that the topology does not have nobody takes over: a sentence for each. */
export async function findForgotten ({ applicationId, subTopologies, state }: Omit<ParkedCheck, 'state'> & { readonly state: Pick<State, 'parkedCounts'> }): Promise<{ readonly subTopology: string, readonly count: number, readonly message: string }[]> {
  const known = new Set(subTopologies.map(({ name }) => name))
  const forgotten = [...await state.parkedCounts()].filter(([name]) => !known.has(name))
  return forgotten.map(([subTopology, count]) => ({
    subTopology,
    count,
    message: `${count} ${count === 1 ? 'record is' : 'records are'} parked for another attempt in sub-topology '${subTopology}', which the topology does not have, so nothing runs them. ` +
      `Run the version that has it until nothing is parked there; or give these records up: ${deletionOf(applicationId, subTopology)}`
  }))
}

/** Parked records are run when their calls are answered. Where the topology makes none any more they would wait for ever, and nobody would know. */
export async function checkParked (places: readonly ParkedPlace[], { applicationId, subTopologies, state }: ParkedCheck): Promise<void> {
  const calling = new Set(subTopologies.filter(({ nodes }) => nodes.some(({ calls }) => calls !== undefined)).map(({ name }) => name))
  const [first, ...others] = places.filter(({ subTopology }) => !calling.has(subTopology))
  if (first === undefined) return
  const [row] = await state.loadParked([first])
  const record = row === undefined ? '' : `, the first of them ${row.record.topic}-${row.record.partition}@${row.record.offset}`
  const count = others.filter(({ subTopology }) => subTopology === first.subTopology).length + 1
  throw new FatalError(
    `${count} ${count === 1 ? 'record is' : 'records are'} parked for another attempt in sub-topology '${first.subTopology}'${record}, and the topology makes no calls there any more, so nothing would ever run them. ` +
    'Run the version that has the processAsync node until nothing is parked, and this one then; ' +
    `or give these records up: ${deletionOf(applicationId, first.subTopology)}`
  )
}

function deletionOf (applicationId: string, subTopology: string): string {
  return `delete from "${applicationId}".millrace_parked where sub_topology = '${subTopology}'.`
}
