import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

/** How often something goes wrong, in shares of one. All but `missing` are drawn anew for each attempt, so that another one may succeed. */
export interface Troubles {
  /** Answers 503. */
  readonly unavailable: number
  /** Never answers. */
  readonly silent: number
  /** Answers 404, always. */
  readonly missing: number
  /** Sends its body in pieces, over `slowBodyMs`. */
  readonly slow: number
  /** Ends in the middle of its body. */
  readonly truncated: number
}

export const usualTroubles: Troubles = { unavailable: 0.05, silent: 0.02, missing: 0.01, slow: 0.01, truncated: 0.005 }

export interface FlakyFilesOptions {
  /** The same seed: the same files, and the same troubles at the same attempts. */
  readonly seed: number
  /** How many there are, from 0 on. */
  readonly files: number
  readonly troubles?: Troubles
  readonly maxBytes?: number
  readonly slowBodyMs?: number
  /** Nobody is answered for so long, so long after the first request. */
  readonly outage?: { readonly afterMs: number, readonly forMs: number }
  readonly port?: number
}

/** What a file is, for whoever wants to know whether it arrived. */
export type ExpectedFile =
  | { readonly kind: 'file', readonly bytes: number, readonly sha256: string }
  | { readonly kind: 'missing' }

export interface Calls {
  readonly total: number
  /** Files that were sent whole, also slowly. */
  readonly sent: number
  readonly unavailable: number
  readonly silent: number
  readonly missing: number
  readonly slow: number
  readonly truncated: number
  /** Refused because of an outage. */
  readonly outage: number
}

export interface FlakyFiles {
  /** Where the file of this number is to be had. */
  readonly urlOf: (file: number) => string
  readonly expected: (file: number) => ExpectedFile
  readonly calls: () => Calls
  /** How many attempts at this file have met trouble, outages aside: none was to succeed. */
  readonly troublesOf: (file: number) => number
  /** From now on, beside the one that was planned. */
  readonly startOutage: (forMs: number) => void
  readonly close: () => Promise<void>
}

const KINDS = ['pdf', 'jpg', 'txt'] as const
const CONTENT_TYPES = { pdf: 'application/pdf', jpg: 'image/jpeg', txt: 'text/plain' } as const
const DEFAULTS = { maxBytes: 32 * 1024, slowBodyMs: 3_000, port: 0 }

/** A file server of this machine that fails as partners' servers do, and knows what every file should be. Who opens it closes it. */
export async function openFlakyFiles (options: FlakyFilesOptions): Promise<FlakyFiles> {
  const { seed, files, troubles = usualTroubles, outage, maxBytes, slowBodyMs, port } = { ...DEFAULTS, ...options }
  const counts = { total: 0, sent: 0, unavailable: 0, silent: 0, missing: 0, slow: 0, truncated: 0, outage: 0 }
  const attempts = new Map<number, number>()
  const troubled = new Map<number, number>()
  let outages: { readonly fromMs: number, readonly toMs: number }[] = []

  const random = (...about: readonly (string | number)[]): number => digest([seed, ...about]).readUInt32BE() / 2 ** 32
  const isMissing = (file: number): boolean => random('missing', file) < troubles.missing
  const kindOf = (file: number) => KINDS[file % KINDS.length] ?? 'pdf'
  const contentOf = (file: number): Buffer => {
    const block = digest([seed, 'content', file])
    return Buffer.alloc(1 + Math.floor(random('size', file) * maxBytes), block)
  }

  const server = createServer(({ url = '', method }, response) => {
    const now = performance.now()
    if (counts.total++ === 0 && outage !== undefined) outages.push({ fromMs: now + outage.afterMs, toMs: now + outage.afterMs + outage.forMs })
    outages = outages.filter(({ toMs }) => now < toMs)
    if (outages.some(({ fromMs }) => now >= fromMs)) {
      counts.outage++
      response.destroy()
      return
    }
    const file = Number(/^\/files\/(\d+)\.(?:pdf|jpg|txt)$/.exec(url)?.[1] ?? -1)
    if (method !== 'GET' || file < 0 || file >= files || isMissing(file)) {
      counts.missing++
      response.writeHead(404).end()
      return
    }
    const attempt = (attempts.get(file) ?? 0) + 1
    attempts.set(file, attempt)
    const trouble = troubleAt(random('trouble', file, attempt))
    if (trouble !== undefined && trouble !== 'slow') troubled.set(file, (troubled.get(file) ?? 0) + 1)
    answer(file, trouble, response)
  })

  function troubleAt (drawn: number): keyof Omit<Troubles, 'missing'> | undefined {
    let upTo = 0
    for (const trouble of ['unavailable', 'silent', 'slow', 'truncated'] as const) {
      upTo += troubles[trouble]
      if (drawn < upTo) return trouble
    }
    return undefined
  }

  function answer (file: number, trouble: ReturnType<typeof troubleAt>, response: ServerResponse): void {
    if (trouble !== undefined) counts[trouble]++
    if (trouble === 'silent') return
    if (trouble === 'unavailable') {
      response.writeHead(503).end()
      return
    }
    const content = contentOf(file)
    const half = Math.floor(content.length / 2)
    // Every other file does not say how long it is.
    response.writeHead(200, { 'content-type': CONTENT_TYPES[kindOf(file)], ...(file % 2 === 0 ? { 'content-length': content.length } : {}) })
    if (trouble === 'truncated') {
      response.flushHeaders()
      response.write(content.subarray(0, half), () => response.destroy())
      return
    }
    response.once('finish', () => { counts.sent++ })
    if (trouble === 'slow') sendSlowly(content, slowBodyMs, response)
    else response.end(content)
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A server that listens has an address.')

  return {
    urlOf: file => `http://127.0.0.1:${address.port}/files/${file}.${kindOf(file)}`,
    expected (file) {
      if (file >= files || isMissing(file)) return { kind: 'missing' }
      const content = contentOf(file)
      return { kind: 'file', bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
    },
    calls: () => ({ ...counts }),
    troublesOf: file => troubled.get(file) ?? 0,
    startOutage: forMs => { outages.push({ fromMs: performance.now(), toMs: performance.now() + forMs }) },
    async close () {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}

const PIECES = 10

function sendSlowly (content: Buffer, forMs: number, response: ServerResponse): void {
  const size = Math.ceil(content.length / PIECES)
  let sent = 0
  const timer = setInterval(() => {
    response.write(content.subarray(sent, sent += size))
    if (sent >= content.length) response.end()
  }, forMs / PIECES)
  response.once('close', () => clearInterval(timer))
}

function digest (about: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(about)).digest()
}
