import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, report, requireProgram } from '../../scripts/services/programs.ts'

/** The folder of a peer's sources, by its name. */
export function sourcesOf (name: string): string {
  return fileURLToPath(new URL(`${name}/`, import.meta.url))
}

/** Calls `install` with an empty folder, unless it was filled from these very files before; answers with the folder. */
async function installOnce (name: string, files: string, install: (into: string) => Promise<void>): Promise<string> {
  const into = fileURLToPath(new URL(`../tmp/${name}/`, import.meta.url))
  const marker = join(into, 'installed')
  const sources = await fingerprint(sourcesOf(name), files)
  if (existsSync(marker) && await readFile(marker, 'utf8') === sources) return into
  await rm(into, { recursive: true, force: true })
  await mkdir(into, { recursive: true })
  await install(into)
  // Last, so that half an installation never looks like a whole one.
  await writeFile(marker, sources)
  return into
}

/** A Python of its own with what the peer's requirements.txt pins. */
export async function requirePython (name: string): Promise<string> {
  const into = await installOnce(name, 'requirements.txt', async into => {
    const python = await requireProgram(() => findProgram('python3'), 'Python 3 with venv', 'python3-venv')
    await report(python, ['-m', 'venv', into])
    await report(join(into, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', join(sourcesOf(name), 'requirements.txt')])
  })
  return join(into, 'bin', 'python')
}

/** The program that Go makes of the peer's folder. */
export async function requireGoProgram (name: string): Promise<string> {
  const into = await installOnce(name, '*', async into => {
    const go = await requireProgram(() => findProgram('go'), 'Go', 'golang-go')
    await report(go, ['build', '-o', join(into, 'counting'), '.'], sourcesOf(name))
  })
  return join(into, 'counting')
}

/** A folder with the peer's files and the packages that its package.json pins. */
export async function requirePackages (name: string): Promise<string> {
  return await installOnce(name, '*', async into => {
    const npm = await requireProgram(() => findProgram('npm'), 'npm', 'npm')
    for (const file of await filesOf(sourcesOf(name), '*')) await writeFile(join(into, file), await readFile(join(sourcesOf(name), file)))
    await report(npm, ['install', '--silent', '--no-audit', '--no-fund', '--no-package-lock'], into)
  })
}

async function fingerprint (folder: string, pattern: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await filesOf(folder, pattern)) hash.update(file).update(await readFile(join(folder, file)))
  return hash.digest('hex')
}

async function filesOf (folder: string, pattern: string): Promise<string[]> {
  return (await Array.fromAsync(glob(pattern, { cwd: folder }))).sort()
}
