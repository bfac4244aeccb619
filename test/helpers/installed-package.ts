import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A project of somebody who has installed Millrace. */
export interface UserProject {
  readonly folder: string
  readonly write: (name: string, content: string) => Promise<void>
  /** Runs a program of Node there; gives what it writes to the standard output, throws where it fails. */
  readonly node: (args: readonly string[], input?: string) => string
  readonly remove: () => Promise<void>
}

/**
 * An empty folder in which the package lies as npm would put it there: packed, unpacked, and beside it what its own list of
 * dependencies names, nothing else. The registry is not asked: what it would send is installed here already.
 */
export async function installPackage (): Promise<UserProject> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-user-'))
  const write = async (name: string, content: string): Promise<void> => await writeFile(join(folder, name), content)
  const modules = join(folder, 'node_modules')
  const installed = join(modules, 'millrace')
  await mkdir(installed, { recursive: true })
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'pipe' })
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' })
  execFileSync('tar', ['-xzf', globSync('*.tgz', { cwd: folder })[0] ?? '', '--strip-components=1', '-C', installed], { cwd: folder })

  const { dependencies }: { readonly dependencies: object } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  for (const name of [...Object.keys(dependencies), 'typescript']) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    if (!existsSync(join(modules, name))) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  await write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }))
  return {
    folder,
    write,
    // Without the marks of the test runner that runs this one, or a test runner in there would report to it.
    node: (args, input = '') => execFileSync(process.execPath, args, { cwd: folder, input, stdio: 'pipe', encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined } }),
    remove: async () => await rm(folder, { recursive: true })
  }
}
