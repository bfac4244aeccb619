import { Option, type Command } from 'commander'
import { describe, describeFormats, type DescribeFormat } from '../../streams/runtime.ts'
import { loadTopology } from '../load-topology.ts'

export function addDescribe (program: Command): Command {
  return program.command('describe')
    .description('Print a topology: as Kafka Streams does (text), as a drawing (mermaid, dot), or as data (json).')
    .argument('<topology>', 'path of a .ts file that exports a topology, or a name in topology/')
    .addOption(new Option('--format <format>', 'how to print it').choices(describeFormats).default('text'))
    .addOption(new Option('--json', 'the same as --format json').implies({ format: 'json' }))
    .action(async (topology: string, { format }: { format: DescribeFormat }) => {
      process.stdout.write(describe(await loadTopology(topology), format))
    })
}
