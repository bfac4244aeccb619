import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { FatalError, type Topology } from '../../streams/index.ts'
import { foundAmong, isTopologyJson, lint, patternsOf, type Finding, type TopologyJson } from '../../streams/runtime.ts'
import { loadTopology } from '../load-topology.ts'
import { withKafka } from './connections.ts'
import { sentenceOf } from './sentence.ts'
import { table } from './table.ts'

interface LintOptions {
  readonly format: 'text' | 'json'
  readonly strict?: true
  readonly bootstrap?: string
  readonly against?: string
}

export function addLint (program: Command): Command {
  return program.command('lint')
    .description('Say what is wrong or risky in a topology, and what to do about it. Fails where there are errors.')
    .argument('<topology>', 'path of a .ts file that exports a topology, or a name in topology/')
    .addOption(new Option('--format <format>', 'how to print the findings').choices(['text', 'json']).default('text'))
    .option('--strict', 'fail where there are warnings, too')
    .option('--bootstrap <brokers>', 'Kafka brokers, host:port, separated by commas: asked how many partitions the topics have')
    .option('--against <file>', 'what `describe --format json` printed for the version that runs: says what is compatible and what needs a reset')
    .action(async (name: string, options: LintOptions) => {
      const topology = await loadTopology(name)
      const findings = lint({
        topology,
        environment: process.env,
        partitionCounts: options.bootstrap === undefined ? undefined : await readPartitionCounts(topology, options.bootstrap),
        earlier: options.against === undefined ? undefined : readDescription(options.against)
      })
      process.stdout.write(options.format === 'json' ? JSON.stringify(findings, undefined, 2) + '\n' : textOf(topology, findings))
      if (findings.some(({ severity }) => severity === 'error' || (severity === 'warning' && options.strict === true))) process.exitCode = 1
    })
}

async function readPartitionCounts (topology: Topology, bootstrap: string): Promise<ReadonlyMap<string, number>> {
  const topics = new Set(topology.sources.flatMap(({ topics }) => topics.flatMap(({ name, internal }) => internal ? [] : [name])))
  const patterns = patternsOf(topology, topology.name)
  return await withKafka(bootstrap, async log => {
    const found = patterns.length === 0 ? [] : foundAmong(await log.topicNames(), patterns)
    return new Map(await log.partitionCounts([...topics, ...found]))
  })
}

function readDescription (file: string): TopologyJson {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new FatalError(`${file} cannot be read: ${sentenceOf(error)}. Give what \`millrace describe … --format json\` has printed.`, { cause: error })
  }
  if (!isTopologyJson(content)) throw new FatalError(`${file} is no description that versions are compared by; give what \`millrace describe … --format json\` has printed.`)
  return content
}

function textOf ({ name }: Topology, findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): string => {
    const found = findings.filter(each => each.severity === severity).length
    return `${found} ${severity}${found === 1 ? '' : 's'}`
  }
  const rows = findings.map(({ severity, rule, node, found, todo }) => [severity, rule, node, found, todo])
  return (rows.length === 0 ? '' : table(['LEVEL', 'RULE', 'NODE', 'FOUND', 'TO DO'], rows)) + `${name}: ${count('error')}, ${count('warning')}, ${count('note')}\n`
}
