import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Store, Topology } from '../../streams/index.ts'

/** What a file exports, by name. */
export async function exportsOf (root: string, file: string): Promise<[name: string, value: unknown][]> {
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(root, file)).href)
  return Object.entries(exported)
}

export function stemOf (file: string): string {
  return basename(file, '.ts')
}

/** `keep-new-watches` → `keepNewWatches`. */
export function camelCase (name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

const KINDS = new Set<unknown>(['counter', 'keyed', 'list', 'rows'] satisfies Store['kind'][])

export function isStore (value: unknown): value is Store {
  return typeof value === 'object' && value !== null && 'kind' in value && KINDS.has(value.kind) && 'name' in value && 'key' in value
}

export function isTopology (value: unknown): value is Topology {
  return typeof value === 'object' && value !== null && 'subTopologies' in value && 'configure' in value
}

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->`, each on a line of its own. */
export function between (document: string, name: string): string {
  const [, after] = document.split(`<!-- ${name}:begin -->\n`)
  const [text, end] = (after ?? '').split(`<!-- ${name}:end -->`)
  if (text === undefined || end === undefined) throw new Error(`There is no part '${name}' between its markers.`)
  return text
}
