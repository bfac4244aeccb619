import { deepEqual, equal } from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connectOnce } from '../../bin/redis-check.ts'

for (const cluster of [false, true]) {
  test(`a Redis that takes connections and never answers is away, and holds nobody up at the start (cluster: ${cluster})`, async t => {
    const url = await openSilentServer(t)

    const connection = await connectOnce({ url, cluster, security: {} }, 300)

    equal(connection.redis, undefined)
    deepEqual('reason' in connection && String(connection.reason), 'Error: no answer within 300 ms')
  })
}

async function openSilentServer (t: TestContext): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  // A server on a port, not on a path: that is what the address of one is.
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}
