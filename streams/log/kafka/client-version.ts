import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { LogError } from '../log.ts'

const MAJOR = '2'

/** What is written here stands on internals of the client's second major version; under an old Node, npm quietly installs the first. */
export function checkClientVersion (): void {
  const file = findPackageJSON('@platformatic/kafka', import.meta.url)
  const version: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8')).version
  if (typeof version !== 'string' || version.split('.')[0] !== MAJOR) {
    throw new LogError('fatal', `@platformatic/kafka ${String(version)} is installed, but version ${MAJOR} is needed; run npm ci.`)
  }
}
