import type { Command } from 'commander'
import { loadTopology } from '../load-topology.ts'

export function addApi (program: Command): Command {
  return program.command('api')
    .description('Serve the stores of a topology over HTTP (GET /stores, /docs, /health/ready), on the services in the environment, until SIGTERM or Ctrl-C. It only reads.')
    .argument('<topology>', 'path of a .ts file that exports a topology, or a name in topology/')
    .action(async (name: string) => {
      const topology = await loadTopology(name)
      // Only here: the other commands start without everything that a server needs.
      const { serveStores } = await import('./api.ts')
      serveStores(topology, process.env)
    })
}
