import type { FastifyInstance } from 'fastify'
import type { TestContext } from 'node:test'
import { createIngest, type IngestOptions } from '../../ingest/server.ts'
import { testSettings } from './api.ts'
import { EVENT_TIME } from './events.ts'
import { fakeProducer, type FakeProducer } from './producer.ts'

/** An ingest whose clock stands at the events' time, closed with the test. */
export function openIngest (t: TestContext, options: Partial<IngestOptions> = {}): { readonly app: FastifyInstance, readonly producer: FakeProducer } {
  const producer = fakeProducer()
  const app = createIngest({ producer, settings: testSettings, now: () => EVENT_TIME, ...options })
  t.after(async () => await app.close())
  return { app, producer }
}

/** A POST of JSON. */
export function post (url: string, body: unknown) {
  return { method: 'POST' as const, url, headers: { 'content-type': 'application/json' }, payload: typeof body === 'string' ? body : JSON.stringify(body) }
}
