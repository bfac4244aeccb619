import { workerEnvironment } from '../../test/helpers/recommender.ts'
import { answers, freePort, type System } from '../lib/live.ts'
import type { Owner } from '../lib/owner.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'

/** One that answers /reco. */
export interface Server {
  readonly name: string
  readonly origin: string
  readonly process: StartedProcess
}

export async function startHandler (owner: Owner, { services, applicationId }: System): Promise<Server> {
  return await start(owner, 'a hand-written handler', 'bench/serving/handler.ts', { REDIS_URL: services.redis, APPLICATION_ID: applicationId })
}

/** What is measured of it is the noise of load tool and machine. */
export async function startConstant (owner: Owner): Promise<Server> {
  return await start(owner, 'a constant answer', 'bench/load/constant-server.ts', {})
}

/** The API with a Redis that is away: nobody listens where it looks for it. */
export async function startApiWithoutRedis (owner: Owner, { services, applicationId, topics }: System): Promise<Server> {
  const environment = { ...workerEnvironment(services, applicationId, topics), REDIS_URL: `redis://127.0.0.1:${await freePort()}`, HOST: '127.0.0.1' }
  return await start(owner, 'the API, Redis away', 'bin/api.ts', environment)
}

async function start (owner: Owner, name: string, program: string, environment: Readonly<Record<string, string>>): Promise<Server> {
  const port = String(await freePort())
  const process = startProcess(owner, program, { ...environment, PORT: port })
  const origin = `http://127.0.0.1:${port}`
  await answers(`${origin}/reco?user_id=user-0&session_id=bench`, [process])
  return { name, origin, process }
}
