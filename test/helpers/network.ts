import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** The way to a service, which may break and be mended. */
export interface Network {
  /** Of this end: 127.0.0.1. */
  readonly port: number
  /** Nothing passes any more, either way, and nobody is told: a cable that was pulled. What was sent meanwhile arrives after `mend`. */
  readonly hold: () => void
  /** Every connection is reset, and new ones are, until `mend`. */
  readonly refuse: () => void
  /** Every connection is reset now; new ones pass. */
  readonly reset: () => void
  /** What passes takes so much longer, each way. */
  readonly delay: (ms: number) => void
  readonly mend: () => void
  /** New connections go to another port; those that are open are reset. */
  readonly turnTo: (port: number) => void
}

/** `answering` is told of everything the service sends, before it is passed on. */
export async function openNetwork (t: Pick<TestContext, 'after'>, target: number, answering: () => void = () => {}): Promise<Network> {
  const pairs = new Set<Pair>()
  let state: 'open' | 'held' | 'refused' = 'open'
  let delayMs = 0
  let port = target
  const server = createServer(client => {
    if (state === 'refused') {
      client.resetAndDestroy()
      return
    }
    const pair = createPair({ client, service: connect(port, '127.0.0.1'), delayMs: () => delayMs, gone: () => pairs.delete(pair), answering })
    pairs.add(pair)
    if (state === 'held') pair.hold()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const reset = (): void => { for (const pair of pairs) pair.reset() }
  t.after(() => {
    server.close()
    reset()
  })
  return {
    // A server on a port, not on a path: that is what the address of one is.
    port: (server.address() as AddressInfo).port,
    reset,
    hold () {
      state = 'held'
      for (const pair of pairs) pair.hold()
    },
    refuse () {
      state = 'refused'
      reset()
    },
    delay (ms) { delayMs = ms },
    mend () {
      state = 'open'
      delayMs = 0
      for (const pair of pairs) pair.release()
    },
    turnTo (other) {
      port = other
      reset()
    }
  }
}

/** The same address, reached through this network. */
export function through ({ port }: Pick<Network, 'port'>, address: string): string {
  const url = new URL(address)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}

interface Pair {
  readonly hold: () => void
  readonly release: () => void
  readonly reset: () => void
}

interface PairOptions {
  readonly client: Socket
  readonly service: Socket
  readonly delayMs: () => number
  readonly gone: () => void
  readonly answering: () => void
}

function createPair ({ client, service, delayMs, gone, answering }: PairOptions): Pair {
  const end = (): void => {
    gone()
    for (const socket of [client, service]) {
      // One that has said its last word cannot be reset any more: its handle would stay open, and the process not end.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  const carry = (from: Socket, to: Socket): void => {
    let behind: Promise<unknown> = Promise.resolve()
    from.on('data', chunk => {
      const ms = delayMs()
      // One after the other: a delay must not let a later chunk overtake.
      behind = behind.then(async () => {
        if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms))
        if (!to.destroyed) to.write(chunk)
      })
    })
    from.on('end', () => { void behind.then(() => to.end()) })
    from.on('error', end).on('close', gone)
  }
  service.on('data', answering)
  carry(client, service)
  carry(service, client)
  return {
    hold () {
      client.pause()
      service.pause()
    },
    release () {
      client.resume()
      service.resume()
    },
    reset: end
  }
}
