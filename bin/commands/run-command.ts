import type { Command } from 'commander'
import { loadTopology } from '../load-topology.ts'

export function addRun (program: Command): Command {
  return program.command('run')
    .description('Run a topology as a worker, on the services in the environment, until SIGTERM or Ctrl-C.')
    .argument('<topology>', 'path of a .ts file that exports a topology, or a name in topology/')
    .action(async (name: string) => {
      const topology = await loadTopology(name)
      // Only here: the other commands start without everything that a worker needs.
      const { runTopology } = await import('./run.ts')
      runTopology(topology, process.env)
    })
}
