import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type { LocalBenchmark } from './lib/benchmark.ts'
import { round } from './lib/statistics.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const NODES = 200
const MOST_SECONDS = 3
const REPEATS = 3

/**
 * What checking the types of a large topology costs: over the declarations, which is what a package gives to its users, and over
 * the sources, as in this repository, where the compiler checks the framework each time too.
 */
export const types: LocalBenchmark = {
  name: 'types',
  runLocally: async ({ say }) => {
    // Within the project, so that its options and types are found as by any file of it.
    const folder = await mkdtemp(join(ROOT, 'bench', 'tmp-'))
    try {
      await declare(folder)
      const overDeclarations = await measure(folder, './declarations/streams/index.js')
      const overSources = await measure(folder, '../../streams/index.ts')
      say(`tsc takes ${overDeclarations.large} s on a topology of ${NODES} nodes, and ${overSources.large} s where it checks the framework too; below ${MOST_SECONDS} is wanted`)
      return {
        // tsc finds no mistake, or this throws.
        correct: true,
        mistakes: [],
        numbers: { large: overDeclarations.large, small: overDeclarations.small, largeOverSources: overSources.large, smallOverSources: overSources.small },
        tables: [{
          title: `Types: tsc on a topology of ${NODES} nodes`,
          rows: [
            ['framework', `${NODES} nodes`, 'one node', 'wanted'],
            ['its declarations', `${overDeclarations.large} s`, `${overDeclarations.small} s`, `below ${MOST_SECONDS} s`],
            ['its sources', `${overSources.large} s`, `${overSources.small} s`, '']
          ],
          notes: [`The fastest of ${REPEATS}. The compiler is started anew and loads the types of Node each time.`]
        }]
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

/** Writes the framework's declarations, as for a package. */
async function declare (folder: string): Promise<void> {
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({
    extends: '../../tsconfig.json',
    compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: '../..', outDir: 'declarations' },
    files: ['../../streams/index.ts'],
    include: []
  }))
  compile(folder)
}

async function measure (folder: string, framework: string): Promise<{ readonly large: number, readonly small: number }> {
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', files: ['topology.ts'], include: [] }))
  const secondsFor = async (nodes: number): Promise<number> => {
    await writeFile(join(folder, 'topology.ts'), topologyOf(nodes, framework))
    const times = Array.from({ length: REPEATS }, () => {
      const begun = performance.now()
      compile(folder)
      return performance.now() - begun
    })
    // The machine has other things to do, and nothing makes tsc faster than it is.
    return round(Math.min(...times) / 1_000, 2)
  }
  return { large: await secondsFor(NODES), small: await secondsFor(1) }
}

function compile (folder: string): void {
  execFileSync(process.execPath, [TSC, '-p', folder], { stdio: 'inherit' })
}

/** Chains of twenty nodes: stateless operators, branches, a window, a table and a join in each. */
function topologyOf (nodes: number, framework: string): string {
  const operators = [
    'const kept# = source#.filter(value => value !== null)',
    "const numbered# = kept#.mapValues((value, key) => ({ key, length: (value ?? '').length }))",
    'const { short: short#, long: long# } = numbered#.branch({ short: (value): value is { key: string | null, length: number } => value.length < 3, long: (value): value is { key: string | null, length: number } => value.length >= 3 })',
    'const lengths# = short#.mapValues(({ length }) => length, { value: serdes.int })',
    'const positive# = lengths#.filterNot(length => length === 0)',
    'const looked# = positive#.peek(({ value }) => value)',
    'const again# = long#.mapValues(({ length }) => length, { value: serdes.int })',
    'const merged# = looked#.merge(again#)',
    'const many# = merged#.flatMapValues(length => [length, length + 1], { value: serdes.int })',
    'const rekeyed# = many#.selectKey(value => String(value), { key: serdes.string })',
    'const grouped# = rekeyed#.groupByKey()',
    'const totals# = grouped#.aggregate(() => 0, (total, value) => total + value, { store: { value: serdes.int } })',
    'const windows# = grouped#.windowedBy(timeWindows({ sizeMs: 10, graceMs: 0 })).count()',
    'const doubled# = totals#.mapValues(total => total * 2)',
    'const even# = doubled#.filter(total => total % 4 === 0)',
    'const both# = totals#.join(even#, (total, even) => String(total + even))',
    'const joined# = rekeyed#.leftJoin(totals#, (value, total) => value + (total ?? 0))',
    'joined#.mapValues(value => String(value), { value: serdes.string }).to(topics.texts)',
    'windows#.toStream().foreach(({ key: { window }, value }) => [window.start, value])',
    'both#.toStream().to(topics.texts)'
  ]
  const lines = Array.from({ length: nodes }, (_, at) => {
    const chain = Math.floor(at / operators.length)
    const line = (operators[at % operators.length] ?? '').replaceAll('#', String(chain))
    return at % operators.length === 0 ? `  const source${chain} = stream(topics.lines)\n  ${line}` : `  ${line}`
  })
  return `import { defineTopic, defineTopology, serdes, timeWindows } from '${framework}'

const topics = {
  lines: defineTopic({ name: 'lines', key: serdes.string, value: serdes.string }),
  texts: defineTopic({ name: 'texts', key: serdes.string, value: serdes.string })
}

export const large = defineTopology('large', ({ stream }) => {
${lines.join('\n')}
})

export { timeWindows }
`
}
