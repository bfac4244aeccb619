import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a record asks of the partner. */
export interface Errand {
  readonly id: number
  /** So many attempts are answered with 503 before one is answered well; `NEVER`: all are. */
  readonly fails: number
  readonly takesMs: number
}

export const NEVER = 99
/** Answered with 400. */
export const REFUSED = -1

export interface PartnerCall {
  readonly id: number
  readonly key: string
  readonly attempt: number
  /** The process that called. */
  readonly pid: number
  readonly at: number
  /** When the answer was about to be sent; undefined: it was not, or the caller had gone. */
  answeredAt?: number
  status?: number
}

/** Somebody else's HTTP server, which writes down who called, when, and what it said. */
export interface Partner {
  readonly url: string
  readonly calls: readonly PartnerCall[]
  /** While it is down every connection is cut; the calls are written down all the same. */
  readonly goDown: (isDown: boolean) => void
  /** Holds the answers to this errand back until told otherwise. */
  readonly hold: (id: number) => () => void
}

export async function startPartner (t: { after: (fn: () => Promise<void>) => void }): Promise<Partner> {
  const calls: PartnerCall[] = []
  const held = new Map<number, Promise<void>>()
  let isDown = false

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Date.now()
    let body = ''
    for await (const chunk of request) body += String(chunk)
    // The only caller is this project's own worker for tests.
    const { id, fails, takesMs } = JSON.parse(body) as Errand
    const { 'idempotency-key': key, 'x-attempt': attempt, 'x-pid': pid } = request.headers
    const call: PartnerCall = { id, key: String(key), attempt: Number(attempt), pid: Number(pid), at }
    calls.push(call)
    if (isDown) {
      request.socket.destroy()
      return
    }
    await held.get(id)
    await sleep(takesMs)
    if (response.destroyed) return
    const status = fails === REFUSED ? 400 : call.attempt <= fails ? 503 : 200
    // Before the caller can know of it: what it does then is not earlier.
    Object.assign(call, { status, answeredAt: Date.now() })
    response.writeHead(status).end()
  }

  const server = createServer((request, response) => { serve(request, response).catch(() => request.socket.destroy()) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  // Listening on a port, so it is no pipe.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    goDown (down) { isDown = down },
    hold (id) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(id, promise)
      return () => {
        held.delete(id)
        resolve()
      }
    }
  }
}
