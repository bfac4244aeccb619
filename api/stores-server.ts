import type { FastifyInstance } from 'fastify'
import { health, type Readiness } from './health.ts'
import { openServer, type ServerOptions } from './open-server.ts'
import { stores, type StoresReader } from './stores.ts'

/** All that it is given: nothing here can write. */
export interface StoresServerReaders {
  readonly stores: StoresReader
  readonly ready: Readiness
}

/** The stores of any one topology, and nothing else; not yet listening. Who calls closes it. */
export function createStoresServer (readers: StoresServerReaders, options: ServerOptions & { readonly topology: string }): FastifyInstance {
  const app = openServer({ title: `Stores of ${options.topology}`, description: 'Read-only: the stores of a topology.' }, options)
  app.register(stores, { stores: readers.stores })
  app.register(health, { ready: readers.ready })
  return app
}
