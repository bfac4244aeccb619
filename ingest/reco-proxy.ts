import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Impression } from '../schemas/impression.ts'
import { recordOf } from './received.ts'
import type { SendQueue } from './send-queue.ts'

export interface RecoProxyOptions {
  /** The read API, as in http://host:port. */
  readonly apiUrl: string
  readonly fetch: typeof fetch
  readonly queue: SendQueue
  readonly topic: string
  readonly now: () => number
}

const AUTOLOG = 'x_autolog_impressions'

/** What of the answer goes into the impression. */
const Shown = Compile(Type.Object({ request_id: Type.String({ minLength: 1 }), items: Type.Array(Type.String(), { minItems: 1 }) }))

const API_TIMEOUT_MS = 5000

/** The answer waits so long for the impression's acknowledgement; after that it goes out, and the impression goes on. */
const AUTOLOG_WAIT_MS = 200

/** GET /reco: asks the read API, which never writes, and logs what is going to be shown. The answer comes also when that fails. */
export function recoProxy (app: FastifyInstance, { apiUrl, fetch, queue, topic, now }: RecoProxyOptions): void {
  app.get('/reco', async (request, reply) => {
    const query = new URL(request.url, 'http://ingest').searchParams
    const isLogged = isWanted(query.get(AUTOLOG) ?? request.headers['x-autolog-impressions'])
    query.delete(AUTOLOG)

    const asked = await ask(`${apiUrl.replace(/\/$/, '')}/reco?${query}`, request.id).catch((error: unknown) => {
      request.log.error({ err: error }, 'the read API does not answer')
    })
    if (asked === undefined) return await reply.code(502).send({ error: 'bad_gateway', message: 'The read API does not answer; ask again later.', details: [] })

    if (isLogged && asked.status === 200) await log(asked.body, query, request.log)
    reply.code(asked.status).type('application/json; charset=utf-8')
    return asked.body
  })

  async function ask (url: string, requestId: string) {
    const response = await fetch(url, { headers: { 'x-request-id': requestId }, signal: AbortSignal.timeout(API_TIMEOUT_MS) })
    return { status: response.status, body: await response.text() }
  }

  async function log (answer: string, query: URLSearchParams, logger: FastifyBaseLogger): Promise<void> {
    const impression = impressionOf(answer, query, now())
    if (impression === undefined) return
    const { promise: waited, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(resolve, AUTOLOG_WAIT_MS, undefined)
    const sent = queue.send([recordOf(impression, topic, now())]).then(
      ([refusal]) => { if (refusal !== undefined) logger.warn({ err: refusal.error }, 'an impression was refused') },
      (error: unknown) => { logger.warn({ err: error }, 'an impression was not logged') }
    )
    await Promise.race([sent, waited])
    clearTimeout(timer)
  }
}

function isWanted (flag: string | readonly string[] | undefined): boolean {
  return flag !== 'false' && flag !== '0'
}

function impressionOf (answer: string, query: URLSearchParams, now: number): Impression | undefined {
  const shown = parsed(answer)
  if (!Shown.Check(shown)) return undefined
  return {
    event_id: randomUUID(),
    event_type: 'impression',
    user_id: query.get('user_id') ?? '',
    session_id: query.get('session_id') ?? '',
    request_id: shown.request_id,
    ts_ms: now,
    server_received_ts_ms: now,
    items: shown.items.map((item_id, position) => ({ item_id, position }))
  }
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
