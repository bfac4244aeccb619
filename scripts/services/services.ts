import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startKafka } from './kafka.ts'
import { startPostgres } from './postgres.ts'
import { accepts, isRunning, stop } from './processes.ts'
import { startRedis } from './redis.ts'
import {
  makeStateDirectory, readState, serviceNames, withLock, writeState,
  type RunningService, type ServiceName
} from './state.ts'

/** A service that could not be started, and why. */
export interface MissingService {
  readonly name: ServiceName
  readonly problem: string
}

export interface UpResult {
  readonly running: readonly RunningService[]
  readonly missing: readonly MissingService[]
  /** Those of `running` that were not there before. */
  readonly started: readonly RunningService[]
}

export type Starters = Readonly<Record<ServiceName, (directory: string) => Promise<RunningService>>>

export const realStarters: Starters = {
  kafka: startKafka,
  redis: startRedis,
  postgres: startPostgres
}

/** Starts what does not run yet. Called twice, also at the same time: the second caller gets what the first one started. */
export function up (directory: string, starters = realStarters): Promise<UpResult> {
  return locked(directory, async () => {
    const recorded = await running(directory)
    await discard(readState(directory).filter(service => !recorded.some(({ pid }) => pid === service.pid)))
    const started: RunningService[] = []
    const missing: MissingService[] = []
    writeState(directory, recorded)

    await Promise.all(serviceNames.filter(name => !recorded.some(service => service.name === name)).map(async name => {
      try {
        started.push(await start(name, directory, starters))
        // At once, not at the end: whatever happens to the others, `down` knows this one.
        writeState(directory, [...recorded, ...started])
      } catch (error) {
        missing.push({ name, problem: error instanceof Error ? error.message : String(error) })
      }
    }))
    return { running: inOrder([...recorded, ...started]), missing, started: inOrder(started) }
  })
}

/** Stops exactly what was recorded, or the part of it that is named, and removes its data. */
export function down (directory: string, only?: readonly RunningService[]): Promise<readonly RunningService[]> {
  return locked(directory, async () => {
    const recorded = readState(directory)
    const stopped = recorded.filter(service => only === undefined || only.some(({ pid }) => pid === service.pid))
    await discard(stopped)
    writeState(directory, recorded.filter(service => !stopped.includes(service)))
    return stopped
  })
}

/** What runs and answers now; starts nothing and waits for nobody. */
export async function status (directory: string): Promise<readonly RunningService[]> {
  return existsSync(directory) ? await running(directory) : []
}

async function discard (services: readonly RunningService[]): Promise<void> {
  await Promise.all(services.map(async service => {
    await stop(service)
    rmSync(service.directory, { recursive: true, force: true })
  }))
}

async function start (name: ServiceName, directory: string, starters: Starters): Promise<RunningService> {
  const begun = Date.now()
  const place = mkdtempSync(join(directory, `${name}-`))
  const service = await starters[name](place)
  console.error(`${name} is up on port ${service.port} (${((Date.now() - begun) / 1000).toFixed(1)} s)`)
  return service
}

async function running (directory: string): Promise<RunningService[]> {
  const services = readState(directory)
  const answers = await Promise.all(services.map(async service => await isRunning(service) && await accepts(service.port)))
  return inOrder(services.filter((_, i) => answers[i]))
}

function inOrder (services: readonly RunningService[]): RunningService[] {
  return services.toSorted((a, b) => serviceNames.indexOf(a.name) - serviceNames.indexOf(b.name))
}

function locked<Result> (directory: string, task: () => Promise<Result>): Promise<Result> {
  makeStateDirectory(directory)
  return withLock(directory, task, () => console.error('Waiting for another start or stop of the services'))
}
