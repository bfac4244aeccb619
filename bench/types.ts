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

/** What checking the types of a large topology costs: alone with the framework, and what of it is the topology's. */
export const types: LocalBenchmark = {
  name: 'types',
  runLocally: async ({ say }) => {
    // Within the project, so that its options and types are found as by any file of it.
    const folder = await mkdtemp(join(ROOT, 'bench', 'tmp-'))
    try {
      const [large, small] = [await measure(folder, topologyOf(NODES)), await measure(folder, topologyOf(1))]
      say(`tsc takes ${large} s on a topology of ${NODES} nodes, of which ${round(large - small, 2)} s are its own; below ${MOST_SECONDS} is wanted`)
      return {
        // tsc finds no mistake, or this throws.
        correct: true,
        mistakes: [],
        numbers: { large, small },
        tables: [{
          title: `Types: tsc on a topology of ${NODES} nodes`,
          rows: [['topology', 'check', 'wanted'], [`${NODES} nodes`, `${large} s`, `below ${MOST_SECONDS} s`], ['one node: the framework alone', `${small} s`, '']],
          notes: [`The fastest of ${REPEATS}. The compiler loads the framework's sources and the types of Node each time.`]
        }]
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

/** In seconds. */
async function measure (folder: string, text: string): Promise<number> {
  await writeFile(join(folder, 'topology.ts'), text)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', files: ['topology.ts'], include: [] }))
  const times = Array.from({ length: REPEATS }, () => {
    const begun = performance.now()
    execFileSync(process.execPath, [TSC, '-p', folder], { stdio: 'inherit' })
    return performance.now() - begun
  })
  // The machine has other things to do, and nothing makes tsc faster than it is.
  return round(Math.min(...times) / 1_000, 2)
}

/** Chains of twenty nodes: stateless operators, branches, a window, a table and a join in each. */
function topologyOf (nodes: number): string {
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
  return `import { defineTopic, defineTopology, serdes, timeWindows } from '../../streams/index.ts'

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
