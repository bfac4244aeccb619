import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireJava } from '../../../scripts/services/java.ts'
import { findProgram, report, requireProgram } from '../../../scripts/services/programs.ts'
import { cacheDirectory } from '../../../scripts/services/state.ts'

export interface Build {
  /** The program that runs it. */
  readonly java: string
  readonly classPath: string
}

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../../tmp/kafka-streams/', import.meta.url))

let build: Promise<Build> | undefined

/** Compiled, with all that it needs beside it: by Maven, unless these very sources were before. */
export async function requireBuild (): Promise<Build> {
  build ??= buildOnce()
  return await build
}

async function buildOnce (): Promise<Build> {
  await requireProgram(findCompiler, 'The Java compiler (a JDK from 17)', 'default-jdk-headless')
  const { program: java } = await requireJava(cacheDirectory())
  const built = join(OUTPUT, 'built')
  const sources = await fingerprint()
  if (!existsSync(built) || await readFile(built, 'utf8') !== sources) {
    const maven = await requireProgram(() => findProgram('mvn'), 'Maven, which builds bench/peers/kafka-streams,', 'maven')
    await rm(OUTPUT, { recursive: true, force: true })
    await report(maven, ['-q', '-B', '-Dstyle.color=never', `-DbuildDirectory=${OUTPUT}`, 'process-classes'], SOURCES)
    // Last, so that half a build never looks like a whole one.
    await writeFile(built, sources)
  }
  return { java, classPath: [join(OUTPUT, 'classes'), join(OUTPUT, 'libs', '*')].join(':') }
}

function findCompiler (): string | undefined {
  const home = process.env['JAVA_HOME']
  const ofHome = home === undefined ? undefined : join(home, 'bin', 'javac')
  return ofHome !== undefined && existsSync(ofHome) ? ofHome : findProgram('javac')
}

async function fingerprint (): Promise<string> {
  const hash = createHash('sha256')
  const files = (await Array.fromAsync(glob('{pom.xml,src/**/*.java}', { cwd: SOURCES }))).sort()
  for (const file of files) hash.update(file).update(await readFile(join(SOURCES, file)))
  return hash.digest('hex')
}
