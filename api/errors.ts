import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ErrorAnswer } from '../schemas/error-answer.ts'
import { isOutage } from '../stores/read-query.ts'
import { FeaturesUnavailableError } from '../stores/reco-features.ts'
import { CrowdedError } from '../stores/turnstile.ts'

/** For the `response` of every route's schema. */
export const errorAnswers = { '4xx': ErrorAnswer, '5xx': ErrorAnswer } as const

/** Gives every error of the server the same shape: `{ error, message, details }`. */
export function useErrorAnswers (app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(answerError)
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: 'not_found', message: `There is no ${request.method} ${pathOf(request.url)}; /docs lists what there is.`, details: [] })
  })
}

/** Also Fastify's `frameworkErrors`: what fails before a route is found. */
export function answerError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  reply.code(status).send(answerFor(error, status))
}

function statusOf (error: FastifyError): number {
  if (error.validation !== undefined) return 400
  if (error instanceof FeaturesUnavailableError || error instanceof CrowdedError || isOutage(error)) return 503
  const { statusCode = 500 } = error
  return statusCode >= 400 && statusCode < 500 ? statusCode : 500
}

function answerFor (error: FastifyError, status: number): ErrorAnswer {
  if (error.validation !== undefined) {
    const details = error.validation.map(({ instancePath, params, message = 'is invalid' }) => ({ path: pathOfMistake(instancePath, params), message }))
    return { error: 'invalid_request', message: `${details.length === 1 ? 'A parameter is' : 'Parameters are'} invalid; see details.`, details }
  }
  if (status === 503) return { error: 'unavailable', message: 'The data cannot be read at the moment; ask again later.', details: [] }
  if (status < 500) return { error: 'bad_request', message: error.message, details: [] }
  return { error: 'internal', message: 'The request failed here, not through you; the log says why.', details: [] }
}

/** A JSON pointer as people write it: `exclude[3]`. */
function pathOfMistake (instancePath: string, params: Readonly<Record<string, unknown>>): string {
  const path = instancePath.replace(/^\//, '').replaceAll(/\/(\d+)/g, '[$1]')
  return typeof params.missingProperty === 'string' ? params.missingProperty : path
}

function pathOf (url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}
