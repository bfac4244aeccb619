import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import type { Socket } from 'node:net'
import type { ErrorAnswer } from '../schemas/error-answer.ts'

/** What a server takes of one client, and of all of them at once. */
export interface HttpLimits {
  readonly bodyBytes: number
  /** Path and query. */
  readonly urlBytes: number
  /** All headers together. */
  readonly headerBytes: number
  /** Requests that are being answered; more get 503 at once. `/health/live` is always answered. */
  readonly requests: number
  /** Connections, also those on which nothing happens; more are closed. */
  readonly connections: number
  /** From the first byte, or from the connection, to the end of the headers. */
  readonly headersMs: number
  /** From the first byte to the end of the body. */
  readonly requestMs: number
  /** In which a connection may stand still while an answer is made, or read by its client: longer than any answer takes. */
  readonly idleMs: number
}

export const usualLimits: HttpLimits = {
  bodyBytes: 1024, urlBytes: 4096, headerBytes: 16 * 1024, requests: 500, connections: 1_000, headersMs: 10_000, requestMs: 30_000, idleMs: 30_000
}

/** For `Fastify()`: what is limited before a request is one. */
export function limitedBy (limits: HttpLimits): Pick<FastifyServerOptions, 'bodyLimit' | 'requestTimeout' | 'connectionTimeout' | 'clientErrorHandler'> & { readonly http: object } {
  return {
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.idleMs,
    clientErrorHandler: answerBroken,
    http: {
      // The request line counts as a header.
      maxHeaderSize: limits.urlBytes + limits.headerBytes,
      headersTimeout: limits.headersMs,
      // Node looks this often for who is too slow.
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs / 2)
    }
  }
}

/** What is limited of each request; before every other hook, since refusing has to cost less than answering. */
export function useLimits (app: FastifyInstance, limits: HttpLimits): void {
  let running = 0
  // Every answer closes once, when it is sent or when its client has gone away before.
  const over = (): void => { running-- }
  app.server.maxConnections = limits.connections
  closeSilentOnes(app)
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOf(request, limits, running)
    if (refusal !== undefined) {
      refuse(reply, ...refusal)
      return
    }
    running++
    reply.raw.once('close', over)
    done()
  })
}

/** Closing the server would wait for connections on which no request has come yet, as long as they may stand still. */
function closeSilentOnes (app: FastifyInstance): void {
  const silent = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => { silent.delete(socket) })
  })
  app.server.on('request', ({ socket }) => { silent.delete(socket) })
  app.addHook('preClose', async () => { for (const socket of silent) socket.destroy() })
}

type Refusal = readonly [status: number, error: string, message: string]

function refusalOf ({ url, raw }: FastifyRequest, limits: HttpLimits, running: number): Refusal | undefined {
  if (url.length > limits.urlBytes) return [414, 'too_large', `The address has ${url.length} characters; ${limits.urlBytes} are taken.`]
  const headerBytes = raw.rawHeaders.reduce((sum, part) => sum + part.length, 0)
  if (headerBytes > limits.headerBytes) return [431, 'too_large', `The headers have ${headerBytes} characters; ${limits.headerBytes} are taken.`]
  if (running >= limits.requests && url !== '/health/live') return [503, 'busy', 'Too many requests are being answered at the moment; ask again in a second.']
}

function refuse (reply: FastifyReply, status: number, error: string, message: string): void {
  if (status === 503) reply.header('retry-after', '1')
  reply.code(status).send({ error, message, details: [] } satisfies ErrorAnswer)
}

/** What is no HTTP, too large for it or too slow, in the form of every other error. Nothing of what came is repeated. */
function answerBroken (error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, name, message] = brokenAs(error.code)
  const body = JSON.stringify({ error: name, message, details: [] } satisfies ErrorAnswer)
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
  socket.destroySoon()
}

function brokenAs (code: string | undefined): readonly [status: string, error: string, message: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT': return ['408 Request Timeout', 'too_slow', 'The request did not arrive in time.']
    case 'HPE_HEADER_OVERFLOW': return ['431 Request Header Fields Too Large', 'too_large', 'Address and headers are larger than what is taken.']
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW': return ['413 Payload Too Large', 'too_large', 'The chunks of the body are described at too great a length.']
    default: return ['400 Bad Request', 'bad_request', 'This is no HTTP request.']
  }
}
