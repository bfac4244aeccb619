import Type from 'typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ErrorAnswer } from '../schemas/error-answer.ts'

/** True, or why not. */
export type Readiness = () => Promise<boolean | string>

const Status = Type.Object({ status: Type.String() })
const live = { summary: 'Whether the process answers', response: { 200: Status } }
const readySchema = { summary: 'Whether it can answer with features', response: { 200: Status, 503: ErrorAnswer } }

/** GET /health/live, which asks nobody, and /health/ready, which asks what the answers need. */
export const health: FastifyPluginAsyncTypebox<{ readonly ready: Readiness }> = async (app, { ready }) => {
  app.get('/health/live', { schema: live }, async () => ({ status: 'live' }))

  app.get('/health/ready', { schema: readySchema }, async (request, reply) => {
    const verdict = await ready().catch((error: unknown) => {
      request.log.warn({ err: error }, 'readiness check failed')
      return 'The readiness check failed; the log says why.'
    })
    if (verdict === true) return { status: 'ready' }
    return await reply.code(503).send({ error: 'not_ready', message: verdict === false ? 'Not ready yet.' : verdict, details: [] })
  })
}
