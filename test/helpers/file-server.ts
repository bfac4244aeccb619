import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

export interface FileServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  readonly port: number
  /** Paths, in the order they were asked for. */
  readonly asked: readonly string[]
}

/** A partner's server that answers as the test says, closed with it. */
export async function openFileServer (t: TestContext, answer: (request: IncomingMessage, response: ServerResponse, attempt: number) => void): Promise<FileServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    answer(request, response, asked.filter(before => before === path).length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A server that listens has an address.')
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, asked }
}
