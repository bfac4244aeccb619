import { deepEqual, equal } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createStoresServer } from '../../api/stores-server.ts'
import { openPostgresSource, openStoreQueries, openTextQueries } from '../../streams/runtime.ts'
import { openPglite } from '../../streams/state/pglite.ts'
import { words } from '../helpers/queried.ts'
import { openQueriedWorldOn, type QueriedWorld } from '../helpers/queried-world.ts'

async function openServer (t: TestContext): Promise<QueriedWorld & { readonly server: FastifyInstance }> {
  const database = await openPglite()
  t.after(async () => await database.close())
  const world = await openQueriedWorldOn(t, database, 'app')
  const { topology } = world
  const server = createStoresServer({
    stores: openTextQueries(openStoreQueries({ topology, applicationId: 'app', source: openPostgresSource({ database, applicationId: 'app' }) })),
    ready: async () => 'Not today.'
  }, { topology: topology.name })
  t.after(async () => await server.close())
  return { ...world, server }
}

test('the stores of any topology are listed and read over HTTP, its health and its description beside them, and nothing can be written', async t => {
  const { server, append, settled } = await openServer(t)
  await append(words, 'k', 'hello', { timestamp: 5 })
  await settled()

  const { application_id: id, topology, stores } = (await server.inject('/stores')).json()
  deepEqual([id, topology, stores.some(({ name }: { readonly name: string }) => name === 'counts')], ['app', 'queried', true])
  deepEqual((await server.inject('/stores/counts/hello')).json(), { key: 'hello', value: 1, timestamp: 5 })
  deepEqual((await server.inject('/stores/counts?prefix=h')).json(), { entries: [{ key: 'hello', value: 1, timestamp: 5 }], cursor: null })
  equal((await server.inject('/health/live')).statusCode, 200)
  deepEqual([(await server.inject('/health/ready')).statusCode, (await server.inject('/health/ready')).json().message], [503, 'Not today.'])

  const { info, paths } = (await server.inject('/openapi.json')).json()
  equal(info.title, 'Stores of queried')
  deepEqual(Object.keys(paths).sort(), ['/health/live', '/health/ready', '/stores', '/stores/{name}', '/stores/{name}/{key}'])
  for (const methods of Object.values<object>(paths)) deepEqual(Object.keys(methods), ['get'])
})
