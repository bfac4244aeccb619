import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import { freePort } from '../../scripts/services/processes.ts'

export interface Answer {
  readonly items?: readonly string[]
  readonly explanations?: unknown
  readonly degraded?: boolean
}

export interface ApiProcess {
  readonly address: string
  readonly get: (path: string) => Promise<{ readonly status: number, readonly body: Answer }>
  /** Resolves when /reco is answered from the projection: the API learns of a new schema at most a second late. */
  readonly undegraded: (timeoutMs: number) => Promise<void>
}

const API = fileURLToPath(new URL('../../bin/api.ts', import.meta.url))

const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))

/** The read API as users run it: a process of its own, killed at the end of the test. */
export async function startApi (t: Pick<TestContext, 'after'>, environment: Readonly<Record<string, string>>): Promise<ApiProcess> {
  return await start(t, environment, [API])
}

/** The same of `millrace api`. */
export async function startStoresApi (t: Pick<TestContext, 'after'>, environment: Readonly<Record<string, string>>, topology: string): Promise<Pick<ApiProcess, 'get'>> {
  return await start(t, environment, [MILLRACE, 'api', topology])
}

async function start (t: Pick<TestContext, 'after'>, environment: Readonly<Record<string, string>>, args: readonly string[]): Promise<ApiProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment, PORT: String(port) }, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', chunk => { output += String(chunk) })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const address = `http://127.0.0.1:${port}`
  const get = async (path: string): Promise<{ status: number, body: Answer }> => {
    const response = await fetch(`${address}${path}`)
    const body: Answer = JSON.parse(await response.text())
    return { status: response.status, body }
  }
  while (!await get('/health/live').then(() => true, () => false)) {
    if (child.exitCode !== null) throw new Error(`the API ended:\n${output}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return {
    address,
    get,
    async undegraded (timeoutMs) {
      const deadline = Date.now() + timeoutMs
      while ((await get('/reco?user_id=u&session_id=s&k=1')).body.degraded === true) {
        if (Date.now() > deadline) throw new Error(`/reco is still degraded after ${timeoutMs} ms:\n${output}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }
}
