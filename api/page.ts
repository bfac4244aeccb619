import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

/** GET /: a page to try it by hand: a user, the history, the recommendations and why. */
export const page: FastifyPluginAsyncTypebox = async app => {
  const html = await readFile(new URL('page.html', import.meta.url))
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'")
    return html
  })
}
