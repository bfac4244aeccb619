import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { Pauses } from '../../streams/runtime.ts'
import { createWorkerHealth } from '../../bin/worker-health.ts'
import { createWorkerServer, type WorkerServerOptions } from '../../bin/worker-server.ts'

/** The server of a worker that has nothing to say, closed with the test. */
export function openWorkerServer (t: TestContext, options: Partial<WorkerServerOptions> = {}): FastifyInstance {
  const app = createWorkerServer({ health: createWorkerHealth(new Pauses()), registry: new Registry(), withMetrics: true, answer: () => ({}), logger: { error () {} }, ...options })
  t.after(async () => await app.close())
  return app
}
