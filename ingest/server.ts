import { randomUUID } from 'node:crypto'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { limitedBy, useLimits, usualLimits, type HttpLimits } from '../http/limits.ts'
import type { RecommenderSettings } from '../schemas/settings.ts'
import type { LogProducer } from '../streams/index.ts'
import { answerError, useErrorAnswers } from './errors.ts'
import { health } from './health.ts'
import { logRoutes } from './log-routes.ts'
import { useMetrics } from './metrics.ts'
import { recoProxy } from './reco-proxy.ts'
import { openSendQueue, type SendQueueOptions } from './send-queue.ts'

export interface IngestOptions {
  /** The caller closes it, after the server. */
  readonly producer: LogProducer
  readonly settings: RecommenderSettings
  /** The read API, as in http://host:port; left out: no GET /reco. */
  readonly recoUrl?: string
  readonly queue?: SendQueueOptions
  /** Left out: nothing is logged. */
  readonly logger?: FastifyBaseLogger
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
  readonly fetch?: typeof fetch
  /** Others than the usual ones; for tests. */
  readonly limits?: Partial<HttpLimits>
}

/** A body is a batch; an address carries the many excluded items of GET /reco. */
const MEBIBYTE = 1024 * 1024

/** HTTP in, Kafka out; not yet listening. Closing it waits for what it has taken. */
export function createIngest (options: IngestOptions): FastifyInstance {
  const { producer, settings, recoUrl, now = Date.now, fetch = globalThis.fetch } = options
  const limits = { ...usualLimits, bodyBytes: MEBIBYTE, urlBytes: MEBIBYTE, ...options.limits }
  const app = open(options.logger, limits)
  const queue = openSendQueue(producer, options.queue)

  useLimits(app, limits)
  // Bodies are JSON; Fastify would take plain text too.
  app.removeContentTypeParser('text/plain')
  useErrorAnswers(app)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onClose', async () => await queue.close())
  useMetrics(app, queue)
  logRoutes(app, { queue, settings, now })
  if (recoUrl !== undefined) recoProxy(app, { apiUrl: recoUrl, fetch, queue, topic: settings.TOPIC_IMPRESSION, now })
  health(app, queue)
  return app
}

function open (logger: FastifyBaseLogger | undefined, limits: HttpLimits): FastifyInstance {
  return Fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    ...limitedBy(limits),
    requestIdHeader: false,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    frameworkErrors: answerError
  })
}

/** The sender's, if it is fit for a header and a log line. */
function requestIdOf (given: string | readonly string[] | undefined): string {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}
