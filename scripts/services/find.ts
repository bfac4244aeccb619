import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { engineAnswers, startContainers } from './containers.ts'
import { down, realStarters, up, type MissingService } from './services.ts'
import { ServiceName, serviceNames, stateDirectory, variables } from './state.ts'

export type Addresses = Partial<Readonly<Record<ServiceName, string>>>

export interface FoundServices {
  readonly addresses: Addresses
  readonly missing: readonly MissingService[]
  readonly from: 'environment' | 'containers' | 'local'
  /** Stops what this call started; what was there before goes on. */
  readonly stop: () => Promise<void>
}

/** How a test run tells its files what it could not start, so that not each of them tries again. */
const missingVariable = 'MILLRACE_MISSING_SERVICES'

const Missing = Type.Array(Type.Object({ name: ServiceName, problem: Type.String() }))

/** Where the services are: as the environment says, else in containers where a Docker engine answers, else started on this machine. */
export async function findServices (env: NodeJS.ProcessEnv = process.env, starters = realStarters): Promise<FoundServices> {
  const given = servicesIn(env)
  if (given !== undefined) return { ...given, from: 'environment', stop: async () => {} }
  if (await engineAnswers()) {
    const { addresses, stop } = await startContainers()
    return { addresses, missing: [], from: 'containers', stop }
  }
  const directory = stateDirectory(env)
  const { running, missing, started } = await up(directory, starters)
  const addresses = Object.fromEntries(running.map(({ name, address }) => [name, address]))
  return { addresses, missing, from: 'local', stop: async () => { await down(directory, started) } }
}

/** One address given means: this environment decides; what it leaves out is missing, not started behind its back. */
export function servicesIn (env: NodeJS.ProcessEnv): Pick<FoundServices, 'addresses' | 'missing'> | undefined {
  const given = serviceNames.filter(name => env[variables[name]])
  const told = env[missingVariable]
  if (given.length === 0 && told === undefined) return undefined
  const missing = told === undefined ? [] : Value.Parse(Missing, JSON.parse(told))
  const untold = serviceNames.filter(name => !given.includes(name) && !missing.some(service => service.name === name))
  return {
    addresses: Object.fromEntries(given.map(name => [name, env[variables[name]]])),
    missing: [...missing, ...untold.map(name => ({ name, problem: `${variables[name]} is not set, while others are` }))]
  }
}

/** The variables from which `servicesIn` reads the same again. */
export function environmentOf ({ addresses, missing }: Pick<FoundServices, 'addresses' | 'missing'>): Record<string, string> {
  const found = serviceNames.flatMap(name => addresses[name] === undefined ? [] : [[variables[name], addresses[name]]])
  return Object.fromEntries([...found, [missingVariable, JSON.stringify(missing)]])
}
