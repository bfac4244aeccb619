import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { limitedBy, useLimits, usualLimits, type HttpLimits } from '../http/limits.ts'
import { answerError, useErrorAnswers } from './errors.ts'

export interface ServerOptions {
  /** Left out: nothing is logged. */
  readonly logger?: FastifyBaseLogger
  /** Others than the usual ones; for tests. */
  readonly limits?: Partial<HttpLimits>
}

/** 500 excluded items of 128 characters each, every one of them percent-encoded, fit into an address; so does any key of a store. */
const MAX_URL_BYTES = 1024 * 1024

/** What all read APIs have: limits, one form of errors, /docs and /openapi.json. Routes are to be registered, and it does not listen yet. */
export function openServer (info: { readonly title: string, readonly description: string }, options: ServerOptions): FastifyInstance {
  const limits = { ...usualLimits, urlBytes: MAX_URL_BYTES, ...options.limits }
  const app = Fastify({
    ...(options.logger === undefined ? { logger: false } : { loggerInstance: options.logger }),
    // A line per request would cost more than the request.
    logController: new LogController({ disableRequestLogging: true }),
    ...limitedBy(limits),
    routerOptions: { maxParamLength: 2048 },
    // All mistakes at once; one value where a list may stand.
    ajv: { customOptions: { allErrors: true, coerceTypes: 'array', removeAdditional: false } },
    frameworkErrors: answerError
  })
  useLimits(app, limits)
  useErrorAnswers(app)
  app.register(swagger, { openapi: { openapi: '3.1.0', info: { ...info, version: '1.0.0' } } })
  app.register(swaggerUi, { routePrefix: '/docs' })
  app.register(async scope => {
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  })
  return app
}
