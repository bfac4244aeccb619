import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FatalError, type Topology } from '../streams/index.ts'

const ROOTS = [join(process.cwd(), 'migrations'), fileURLToPath(new URL('../migrations', import.meta.url))]

/**
 * The folders of numbered SQL files that a topology's stores need: those called like it and like the topologies that it combines, of this
 * directory where it has some, else of Millrace's own.
 * A file that was applied is known by its name, whatever its folder, so that a topology that ran alone may be combined later.
 */
export function migrationsOf ({ name, parts }: Pick<Topology, 'name' | 'parts'>, ...roots: readonly string[]): string[] {
  const places = roots.length === 0 ? ROOTS : roots
  const names = [...new Set([name, ...parts.map(({ name }) => name)])]
  const folders = names.flatMap(name => places.map(root => join(root, name)).find(folder => existsSync(folder)) ?? [])
  const homes = new Map<string, string>()
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter(file => file.endsWith('.sql'))) {
      const home = homes.get(file)
      if (home !== undefined) throw new FatalError(`Topology '${name}' has two migrations named ${file}, in ${home} and ${folder}, and one application knows them by their names; give the one that was never applied another.`)
      homes.set(file, folder)
    }
  }
  return folders
}
