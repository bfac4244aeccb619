import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorAnswer } from '../schemas/error-answer.ts'
import { LogError } from '../streams/index.ts'

/** The body is JSON, but not what the contract says: every mistake of it. */
export class InvalidBodyError extends Error {
  override readonly name = 'InvalidBodyError'
  readonly details: ErrorAnswer['details']

  constructor (details: ErrorAnswer['details']) {
    super('The body breaks the contract; see details.')
    this.details = details
  }
}

/** Kafka will never take it, for its size. */
export class TooLargeError extends InvalidBodyError {}

/** Gives every error of the server the same shape: `{ error, message, details }`. */
export function useErrorAnswers (app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>(answerError)
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: 'not_found', message: `There is no ${request.method} ${request.url.split('?', 1)[0]}.`, details: [] })
  })
}

/** Also Fastify's `frameworkErrors`: what fails before a route is found. */
export function answerError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const [status, answer] = answerFor(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  reply.code(status).send(answer)
}

const names: Readonly<Record<number, string>> = { 413: 'too_large', 415: 'unsupported_media_type' }

function answerFor (error: FastifyError): readonly [status: number, answer: ErrorAnswer] {
  if (error instanceof TooLargeError) return [413, { error: 'too_large', message: 'Kafka does not take a record of this size.', details: error.details }]
  if (error instanceof InvalidBodyError) return [422, { error: 'invalid_event', message: error.message, details: error.details }]
  if (error instanceof LogError) return [503, { error: 'unavailable', message: 'Kafka does not take records at the moment; send it again later, under the same event_id.', details: [] }]
  const { statusCode = 500, message } = error
  if (statusCode < 400 || statusCode >= 500) return [500, { error: 'internal', message: 'The request failed here, not through you; the log says why.', details: [] }]
  return [statusCode, { error: names[statusCode] ?? 'bad_request', message, details: [] }]
}
