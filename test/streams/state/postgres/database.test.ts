import { equal, rejects } from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { openPostgres, type Database } from '../../../../streams/state/postgres/database.ts'

// An error event that nobody listens to ends the process, and with it these tests.

test('a connection that the server ends in the moment in which it is handed out fails the query, not the process', async t => {
  const { database, errors } = await openOnServerThatEnds(t)

  const session = await database.session()

  await rejects(session.query({ text: 'select 1' }))
  session.release(true)
  equal(errors[0], 'terminating connection due to administrator command')
})

test('a connection that the server ends while rows are read as objects fails the read, not the process', async t => {
  const { database } = await openOnServerThatEnds(t)

  await rejects(database.readObjects('select 1', []))
})

/** A server that says in one breath that it is ready and that it ends the connection, as `pg_terminate_backend` may have it. */
async function openOnServerThatEnds (t: TestContext): Promise<{ readonly database: Database, readonly errors: string[] }> {
  const server = createServer(socket => {
    socket.once('data', () => socket.write(Buffer.concat([
      message('R', Buffer.from([0, 0, 0, 0])),
      message('Z', Buffer.from('I')),
      message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))
    ]), () => socket.destroySoon()))
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  // A server on a port, not on a path: that is what the address of one is.
  const { port } = server.address() as AddressInfo
  const errors: string[] = []
  const database = openPostgres({
    url: `postgres://postgres@127.0.0.1:${port}/postgres`, applicationName: 'millrace-tests', maxConnections: 1, onError: ({ message }) => { errors.push(message) }
  })
  t.after(async () => {
    await database.close()
    server.close()
  })
  return { database, errors }
}

/** A message of Postgres' protocol: its kind, its length with the length itself, its content. */
function message (kind: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5, kind)
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}
