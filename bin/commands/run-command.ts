import type { Command } from 'commander'
import { loadTopology } from '../load-topology.ts'

export function addRun (program: Command): Command {
  return program.command('run')
    .description('Run a topology as a worker, on the services in the environment, until SIGTERM or Ctrl-C.')
    .argument('<topology>', 'path of a .ts file that exports a topology, or a name in topology/')
    .option('--embedded', 'without services: records come from the standard input, one JSON { "topic"?, "key"?, "value", "timestamp"? } per line, and results go to the standard output')
    .action(async (name: string, { embedded }: { embedded?: true }) => {
      const topology = await loadTopology(name)
      // Only here: the other commands start without everything that a worker needs.
      if (embedded === true) (await import('./run-embedded.ts')).runEmbedded(topology, process.env)
      else (await import('./run.ts')).runTopology(topology, process.env)
    })
}
