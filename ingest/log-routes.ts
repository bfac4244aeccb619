import type { FastifyInstance } from 'fastify'
import { isRecord, type Problem } from '../schemas/contract.ts'
import { impressionContract } from '../schemas/impression.ts'
import { interactionEventContract } from '../schemas/interaction-event.ts'
import type { RecommenderSettings } from '../schemas/settings.ts'
import { MAX_BATCH_SIZE } from '../schemas/targets.ts'
import { watchContract } from '../schemas/watch.ts'
import { InvalidBodyError, TooLargeError } from './errors.ts'
import { receive, type Received } from './received.ts'
import type { Refusal, SendQueue } from './send-queue.ts'

export interface LogRoutesOptions {
  readonly queue: SendQueue
  readonly settings: RecommenderSettings
  readonly now: () => number
}

type Receive = (body: unknown) => Received

/** POST /log/impression, /log/watch, /log/batch and /event: each answers when Kafka has acknowledged. */
export function logRoutes (app: FastifyInstance, { queue, settings, now }: LogRoutesOptions): void {
  const impression = impressionContract(settings)
  const watch = watchContract(settings)
  const event = interactionEventContract(settings)
  const receiveImpression: Receive = body => receive(body, { contract: impression, topic: settings.TOPIC_IMPRESSION, now: now() })
  const receiveWatch: Receive = body => receive(body, { contract: watch, topic: settings.TOPIC_WATCH, now: now() })
  const receiveEvent: Receive = body => receive(body, { contract: event, topic: settings.TOPIC_EVENT, now: now() })

  app.post('/log/impression', async ({ body }) => {
    await sendOne(receiveImpression(body), queue)
    return { status: 'ok' }
  })

  app.post('/log/watch', async ({ body }) => {
    await sendOne(receiveWatch(body), queue)
    return { status: 'ok' }
  })

  app.post('/event', async ({ body }) => ({ status: 'accepted', event_id: await sendOne(receiveEvent(body), queue) }))

  app.post('/log/batch', async ({ body }) => {
    const events = eventsOf(body)
    const received = events.map(entry => looksLikeImpression(entry) ? receiveImpression(entry) : receiveWatch(entry))
    const mistakes = [...received.flatMap((one, index) => problemsOf(one).map(problem => inBatch(problem, index))), ...repeatedIds(events)]
    if (mistakes.length > 0) throw new InvalidBodyError(mistakes)
    const records = received.filter(one => one.kind === 'event').map(({ record }) => record)
    refuse(await queue.send(records), index => `events[${index}]`)
    return { status: 'ok', accepted: records.length }
  })
}

async function sendOne (received: Received, queue: SendQueue): Promise<string> {
  if (received.kind === 'refused') throw new InvalidBodyError(received.problems.map(withoutType))
  refuse(await queue.send([received.record]), () => '')
  return received.eventId
}

/** Whoever sent a batch learns which of its events Kafka refused for good; the others are in the log. */
function refuse (refusals: readonly Refusal[], pathOf: (index: number) => string): void {
  if (refusals.length === 0) return
  const details = refusals.map(({ index, error }) => ({ path: pathOf(index), message: error.message }))
  const isSize = refusals.every(({ error }) => isTooLarge(error))
  throw isSize ? new TooLargeError(details) : new InvalidBodyError(details)
}

function isTooLarge (error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/too.?large/i.test(cause.message)) return true
  }
  return false
}

function eventsOf (body: unknown): readonly unknown[] {
  const events = isRecord(body) ? body.events : undefined
  if (!Array.isArray(events)) throw new InvalidBodyError([{ path: 'events', message: `missing, wanted a list of 1 to ${MAX_BATCH_SIZE} entries` }])
  if (events.length === 0 || events.length > MAX_BATCH_SIZE) {
    throw new InvalidBodyError([{ path: 'events', message: `found ${events.length} entries, wanted a list of 1 to ${MAX_BATCH_SIZE} entries` }])
  }
  return events
}

/** By its name where it has one, else by what only one of the two has. */
function looksLikeImpression (event: unknown): boolean {
  if (!isRecord(event)) return false
  return event.event_type === 'impression' || (event.event_type !== 'watch' && 'items' in event)
}

function problemsOf (received: Received): readonly Problem[] {
  return received.kind === 'refused' ? received.problems : []
}

function repeatedIds (events: readonly unknown[]) {
  const mistakes: { path: string, message: string }[] = []
  const firsts = new Map<unknown, number>()
  for (const [index, event] of events.entries()) {
    const id = isRecord(event) ? event.event_id ?? undefined : undefined
    if (id === undefined) continue
    const first = firsts.get(id)
    if (first === undefined) firsts.set(id, index)
    else mistakes.push({ path: `events[${index}].event_id`, message: `found that of events[${first}] again; wanted each once` })
  }
  return mistakes
}

function withoutType ({ path, message }: Problem) {
  return { path, message }
}

function inBatch ({ path, message }: Problem, index: number) {
  return { path: path === '' ? `events[${index}]` : `events[${index}].${path}`, message }
}
