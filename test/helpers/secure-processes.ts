import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test, type TestContext } from 'node:test'
import { freePort } from '../../scripts/services/processes.ts'
import { executable, startWorker, type WorkerProcess } from './recommender.ts'
import { startSecureServices, type SecureServices } from './secure-services.ts'
import { servicesOrSkip } from './services.ts'

let started: Promise<SecureServices> | undefined
after(async () => await (await started)?.stop())

/** On services that the file's tests share, where this machine can start services at all. */
export function secureTest (title: string, run: (t: TestContext, services: SecureServices) => Promise<void>): void {
  void test(title, async t => {
    if (await servicesOrSkip(t) === undefined) return
    started ??= startSecureServices()
    await run(t, await started)
  })
}

/** An executable, and where it listens. */
export interface Listening {
  readonly process: WorkerProcess
  readonly url: string
}

export async function openWorker (t: TestContext, environment: Readonly<Record<string, string>>): Promise<Listening> {
  const port = await freePort()
  const running = startWorker(t, { ...environment, WORKER_METRICS_PORT: String(port) })
  const url = `http://127.0.0.1:${port}`
  await until(async () => await textOf(`${url}/health/live`).catch(() => ''), text => text.includes('live'), running)
  return { process: running, url }
}

export async function openServer (t: TestContext, file: string, environment: Readonly<Record<string, string>>): Promise<Listening> {
  const running = startWorker(t, { ...environment, LOG_LEVEL: 'info' }, [executable(file)])
  const url = await until(async () => /Server listening at (http:\S+?)"/.exec(running.output())?.[1], found => found !== undefined, running)
  return { process: running, url: url ?? '' }
}

export async function until<T> (look: () => Promise<T>, isIt: (found: T) => boolean, running: WorkerProcess): Promise<T> {
  for (const deadline = Date.now() + 60_000; ;) {
    const found = await look()
    if (isIt(found)) return found
    assert.equal(running.child.exitCode, null, running.output())
    assert.ok(Date.now() < deadline, `not within a minute: ${JSON.stringify(found)}\n${running.output()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export function watch (user: string, item: string): object {
  return { event_id: randomUUID(), user_id: user, session_id: 's', request_id: 'r', ts_ms: Date.now(), item_id: item, watch_time_sec: 100 }
}

export async function send (ingest: string, user: string, item: string): Promise<void> {
  const answer = await fetch(`${ingest}/log/watch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(watch(user, item)) })
  assert.equal(answer.status, 200, await answer.text())
}

export async function textOf (url: string): Promise<string> {
  return await (await fetch(url)).text()
}

export async function answerOf (url: string) {
  return JSON.parse(await textOf(url))
}
