import Type, { type Static } from 'typebox'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ErrorAnswer } from '../schemas/error-answer.ts'
import { KeyQuery, KeysQuery, StoreListing, StoreEntry, StorePage } from '../schemas/stores.ts'
import { isSchemaMissing } from '../stores/read-query.ts'
import { CrowdedError } from '../stores/turnstile.ts'
import { errorAnswers } from './errors.ts'

/** Reads the stores of a topology by what an address says. */
export interface StoresReader {
  readonly list: () => StoreListing
  /** Rejects where the state cannot be read. */
  readonly ask: (store: string, question: StoreQuestion) => Promise<StoreAnswer>
}

/** Without a key: all keys, from one to another. */
export type StoreQuestion = (Static<typeof KeyQuery> & { readonly key: string }) | Static<typeof KeysQuery>

export type StoreAnswer =
  | { readonly kind: 'entry', readonly entry: StoreEntry }
  | { readonly kind: 'page', readonly page: StorePage }
  | { readonly kind: 'not_found' | 'refused' | 'behind', readonly message: string }

const statuses = { not_found: 404, refused: 400, behind: 503 } as const
const errors = { not_found: 'not_found', refused: 'invalid_request', behind: 'behind' } as const

const tags = ['stores']
const Name = Type.String({ description: 'As in GET /stores.' })
const Key = Type.String({ description: 'Text as it is, anything else as JSON, several columns as a JSON array; URL-encoded.' })

const listSchema = { summary: 'Which stores can be read', tags, response: { 200: StoreListing, ...errorAnswers } }
const pageSchema = { summary: 'The rows of a store, in the order of their keys', tags, params: Type.Object({ name: Name }), querystring: KeysQuery, response: { 200: StorePage, ...errorAnswers } }
const keySchema = {
  summary: 'The row of a key; of a store of windows or sessions a page of them',
  tags,
  params: Type.Object({ name: Name, key: Key }),
  querystring: KeyQuery,
  response: { 200: Type.Union([StorePage, StoreEntry]), ...errorAnswers }
}

/** GET /stores, /stores/{name} and /stores/{name}/{key}: any store of the topology, from whichever process is asked. */
export const stores: FastifyPluginAsyncTypebox<{ readonly stores: StoresReader }> = async (app, { stores }) => {
  app.get('/stores', { schema: listSchema }, async () => stores.list())

  app.get('/stores/:name', { schema: pageSchema }, async ({ params: { name }, query }, reply) =>
    await answer(reply, async () => await stores.ask(name, query)))

  app.get('/stores/:name/:key', { schema: keySchema }, async ({ params: { name, key }, query }, reply) =>
    await answer(reply, async () => await stores.ask(name, { ...query, key })))
}

async function answer (reply: FastifyReply, ask: () => Promise<StoreAnswer>): Promise<FastifyReply> {
  const asked = await ask().catch(refusalOf)
  switch (asked.kind) {
    case 'entry': return reply.send(asked.entry)
    case 'page': return reply.send(asked.page)
    case 'unavailable': return refuse(reply, 503, 'unavailable', asked.message)
    default: return refuse(reply, statuses[asked.kind], errors[asked.kind], asked.message)
  }
}

/** What everybody else answers the server's own handler says. */
function refusalOf (error: unknown): { readonly kind: 'unavailable', readonly message: string } {
  if (isSchemaMissing(error)) return { kind: 'unavailable', message: 'The application has no tables for this yet; start its worker.' }
  if (error instanceof CrowdedError) return { kind: 'unavailable', message: 'Too many ask for stores at the moment; ask again in a second.' }
  throw error
}

function refuse (reply: FastifyReply, status: number, error: string, message: string): FastifyReply {
  if (status === 503) reply.header('retry-after', '1')
  return reply.code(status).send({ error, message, details: [] } satisfies ErrorAnswer)
}
