import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'

export const ServiceName = Type.Union([Type.Literal('kafka'), Type.Literal('redis'), Type.Literal('postgres')])
export type ServiceName = Static<typeof ServiceName>

/** In the order in which they are listed. */
export const serviceNames: readonly ServiceName[] = ['kafka', 'redis', 'postgres']

/** A process that this script started: enough to reach it, to recognise it and to stop it. */
export const RunningService = Type.Object({
  name: ServiceName,
  pid: Type.Integer({ minimum: 2 }),
  /** What its command line must contain: a pid that another program got since then is left alone. */
  commandContains: Type.String({ minLength: 1 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** The value of the variable that tells programs where it is. */
  address: Type.String({ minLength: 1 }),
  directory: Type.String({ minLength: 1 })
})
export type RunningService = Static<typeof RunningService>

const State = Type.Object({ services: Type.Array(RunningService) })

export const variables: Readonly<Record<ServiceName, string>> = {
  kafka: 'KAFKA_BOOTSTRAP',
  redis: 'REDIS_URL',
  postgres: 'DATABASE_URL'
}

/** Where state, logs and data are; `MILLRACE_SERVICES_DIR` gives a second set of services its own place. */
export function stateDirectory (env: NodeJS.ProcessEnv = process.env): string {
  return env['MILLRACE_SERVICES_DIR'] || join(tmpdir(), `millrace-services-${userInfo().uid}`)
}

/** Where downloads are kept between runs. */
export function cacheDirectory (env: NodeJS.ProcessEnv = process.env): string {
  return env['MILLRACE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(userInfo().homedir, '.cache'), 'millrace')
}

/** Makes the state directory; others may pass through it (Postgres runs as its own user), not look into it. */
export function makeStateDirectory (directory: string): void {
  mkdirSync(directory, { recursive: true })
  chmodSync(directory, 0o711)
}

/** What was recorded; a missing or broken file counts as nothing recorded. */
export function readState (directory: string): RunningService[] {
  const file = stateFile(directory)
  if (!existsSync(file)) return []
  return parseState(readFileSync(file, 'utf8'))
}

export function parseState (text: string): RunningService[] {
  try {
    return Value.Parse(State, JSON.parse(text)).services
  } catch {
    return []
  }
}

export function writeState (directory: string, services: readonly RunningService[]): void {
  const file = stateFile(directory)
  writeFileSync(`${file}.new`, JSON.stringify({ services }, null, 2) + '\n')
  renameSync(`${file}.new`, file)
}

/** The lines a shell evaluates to reach the services. */
export function exportLines (services: readonly Pick<RunningService, 'name' | 'address'>[]): string {
  return services.map(({ name, address }) => `export ${variables[name]}=${address}\n`).join('')
}

/** Runs `task` while no other process does, in this directory. SQLite's file lock ends with its process: none is ever stale. */
export async function withLock<Result> (directory: string, task: () => Promise<Result>, onWait: () => void): Promise<Result> {
  const database = new DatabaseSync(join(directory, 'lock'))
  try {
    for (let attempt = 0; !tryLock(database); attempt++) {
      if (attempt === 5) onWait()
      await sleep(100)
    }
    return await task()
  } finally {
    database.close()
  }
}

function tryLock (database: DatabaseSync): boolean {
  try {
    database.exec('begin exclusive')
    return true
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return false
    throw error
  }
}

function stateFile (directory: string): string {
  return join(directory, 'state.json')
}
