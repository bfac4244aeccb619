import { existsSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { FatalError, messageOf, type Topology } from '../streams/index.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Millrace's own files are what this one is: TypeScript, and in its package JavaScript. */
const OWN = extname(import.meta.url)

/** The topology that a file exports; `name` is the file's path, or its name in the `topology/` of this directory or of Millrace's. */
export async function loadTopology (name: string, directory = process.cwd()): Promise<Topology> {
  const candidates = isPath(name) ? [resolve(directory, name)] : [join(directory, 'topology', `${name}.ts`), join(ROOT, 'topology', name + OWN)]
  const file = candidates.find(candidate => existsSync(candidate))
  if (file === undefined) throw new FatalError(`No topology '${name}': there is no file ${[...new Set(candidates)].join(' nor ')}. Give the path of a .ts file, or a name in topology/.`)
  return topologyIn(file, await load(file))
}

function isPath (name: string): boolean {
  return name.endsWith('.ts') || name.includes('/') || name.includes('\\')
}

async function load (file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    throw new FatalError(`Topology file ${file} cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
}

/** The export that is called like the file; else the only topology there is. */
function topologyIn (file: string, exports: Readonly<Record<string, unknown>>): Topology {
  const wanted = camelCase(basename(file, extname(file)))
  const named = exports[wanted]
  if (isTopology(named)) return named
  const found = Object.entries(exports).filter((entry): entry is [string, Topology] => isTopology(entry[1]))
  const [only] = found
  if (only !== undefined && found.length === 1) return only[1]
  throw new FatalError(found.length === 0
    ? `${file} exports no topology; export what defineTopology gives you, as '${wanted}'.`
    : `${file} exports several topologies (${found.map(([name]) => name).join(', ')}) and none is called '${wanted}'; rename one, or give each its own file.`)
}

function camelCase (name: string): string {
  return name.replaceAll(/[-_.]+(.)/g, (_, letter: string) => letter.toUpperCase())
}

function isTopology (value: unknown): value is Topology {
  return typeof value === 'object' && value !== null && 'nodes' in value && 'subTopologies' in value && 'configure' in value && typeof value.configure === 'function'
}
