import { readdir, readFile, writeFile } from 'node:fs/promises'
import type { Result, Table } from './benchmark.ts'
import type { Machine } from './machine.ts'
import { writeReadmeTable } from './readme-table.ts'

export interface SavedResult extends Result {
  readonly name: string
  readonly machine: Machine
}

const RESULTS = new URL('../results/', import.meta.url)
const REPORT = new URL('../RESULTS.md', import.meta.url)

/** Writes RESULTS.md, and README's table, from all results that are there. */
export async function writeReport (): Promise<void> {
  const files = (await readdir(RESULTS)).filter(file => file.endsWith('.json')).sort()
  const results = await Promise.all(files.map(async file => await readResult(new URL(file, RESULTS))))
  await writeFile(REPORT, renderReport(results))
  await writeReadmeTable(results)
}

async function readResult (file: URL): Promise<SavedResult> {
  // Written by run.ts a moment ago or by an earlier run of it.
  return JSON.parse(await readFile(file, 'utf8')) as SavedResult
}

export function renderReport (results: readonly SavedResult[]): string {
  const parts = results.flatMap(({ machine, mistakes, tables }) => tables.map(table => [
    `### ${table.title}`,
    renderRows(table.rows),
    ...(mistakes.length === 0 ? [] : [`**The result is wrong**: ${mistakes[0]?.split('\n')[0]}`]),
    ...table.notes,
    renderMachine(machine)
  ].join('\n\n')))
  return `<!-- Written by \`npm run bench\`; do not edit. -->\n\n${parts.join('\n\n')}\n`
}

function renderRows (rows: Table['rows']): string {
  const [head = [], ...body] = rows
  return [head, head.map(() => '---'), ...body].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function renderMachine ({ at, commit, cores, cpu, memoryGigabytes, loadBefore, node, postgres, redis }: Machine): string {
  return `${at.slice(0, 10)}, ${commit}: ${cores} cores (${cpu}), ${memoryGigabytes} GB, load before ${loadBefore.join(' ')}; Node ${node}${postgres === undefined ? '' : `, Postgres ${postgres}, Redis ${redis}`}.`
}
