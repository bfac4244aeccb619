import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface SwitchedProxy {
  readonly port: number
  /** Breaks what is connected and refuses what comes, until it is switched on again. */
  readonly off: () => void
  readonly on: () => void
}

/** A service that can be away for one process while others still have it. */
export async function openSwitchedProxy (t: TestContext, target: { readonly host: string, readonly port: number }): Promise<SwitchedProxy> {
  const sockets = new Set<Socket>()
  let isOn = true
  const server = createServer(client => {
    if (!isOn) return client.destroy()
    const service = connect(target.port, target.host)
    for (const [socket, other] of [[client, service], [service, client]] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => {}).on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const cut = (): void => { for (const socket of sockets) socket.destroy() }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    cut()
  })
  return {
    // A server on a port, not on a path: that is what the address of one is.
    port: (server.address() as AddressInfo).port,
    off () {
      isOn = false
      cut()
    },
    on () { isOn = true }
  }
}
