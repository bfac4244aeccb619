import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { installPackage } from '../test/helpers/installed-package.ts'
import { largeTopology } from '../test/helpers/large-topology.ts'
import type { LocalBenchmark } from './lib/benchmark.ts'
import { round } from './lib/statistics.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const NODES = 200
const MOST_SECONDS = 3
const REPEATS = 3

/**
 * What checking the types of a large topology costs: over the package, as its users have it, and over the sources, as in this
 * repository, where the compiler checks the framework each time too.
 */
export const types: LocalBenchmark = {
  name: 'types',
  runLocally: async ({ say }) => {
    const overPackage = await measurePackage()
    const overSources = await measureSources()
    say(`tsc takes ${overPackage.large} s on a topology of ${NODES} nodes, and ${overSources.large} s where it checks the framework too; below ${MOST_SECONDS} is wanted`)
    return {
      // tsc finds no mistake, or this throws.
      correct: true,
      mistakes: [],
      numbers: { large: overPackage.large, small: overPackage.small, largeOverSources: overSources.large, smallOverSources: overSources.small },
      tables: [{
        title: `Types: tsc on a topology of ${NODES} nodes`,
        rows: [
          ['framework', `${NODES} nodes`, 'one node', 'wanted'],
          ['its package', `${overPackage.large} s`, `${overPackage.small} s`, `below ${MOST_SECONDS} s`],
          ['its sources', `${overSources.large} s`, `${overSources.small} s`, '']
        ],
        notes: [`The fastest of ${REPEATS}. The compiler is started anew and loads the types of Node each time.`]
      }]
    }
  }
}

interface Measured {
  readonly large: number
  readonly small: number
}

async function measurePackage (): Promise<Measured> {
  const project = await installPackage()
  try {
    return await measure(project.folder, 'millrace')
  } finally {
    await project.remove()
  }
}

async function measureSources (): Promise<Measured> {
  // Within the project, so that its types are found as by any file of it.
  const folder = await mkdtemp(join(ROOT, 'bench', 'tmp-'))
  try {
    return await measure(folder, '../../streams/index.ts')
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** With the options of this project. */
async function measure (folder: string, framework: string): Promise<Measured> {
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), files: ['topology.ts'], include: [] }))
  const secondsFor = async (nodes: number): Promise<number> => {
    await writeFile(join(folder, 'topology.ts'), largeTopology(nodes, framework))
    const times = Array.from({ length: REPEATS }, () => {
      const begun = performance.now()
      execFileSync(process.execPath, [TSC, '-p', folder], { stdio: 'inherit' })
      return performance.now() - begun
    })
    // The machine has other things to do, and nothing makes tsc faster than it is.
    return round(Math.min(...times) / 1_000, 2)
  }
  return { large: await secondsFor(NODES), small: await secondsFor(1) }
}
