import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, createSkewed } from '../../bin/sample-events.ts'
import { userNames } from '../lib/events.ts'
import { percentilesOf } from '../lib/statistics.ts'
import type { LoadOptions, LoadResult } from './result.ts'

/*
 * Asks /reco at a fixed rate, in a process of its own. Open loop: every request has its time, and its latency counts
 * from there, also when it was sent late because the process, the connections or the server were busy.
 */

const CONNECTIONS = 256

interface Answer {
  readonly at: number
  readonly ok: boolean
  readonly degraded: boolean
  readonly items: number
}

async function main (options: LoadOptions): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
  const drawUser = createSkewed(userNames(options.users), options.userSkew, createRandom(6))
  const total = options.perSecond * options.seconds
  const latencies: number[] = []
  const lateness: number[] = []
  let errors = 0
  let degraded = 0
  let short = 0
  const pending: Promise<void>[] = []

  const started = performance.now() + 100
  for (let sent = 0; sent < total;) {
    const due = started + sent * 1000 / options.perSecond
    const now = performance.now()
    if (now < due) {
      await sleep(1)
      continue
    }
    sent++
    lateness.push(now - due)
    pending.push(ask(agent, `${options.origin}/reco?user_id=${drawUser()}&session_id=bench&k=${options.k}`).then(answer => {
      latencies.push(answer.at - due)
      if (!answer.ok) errors++
      if (answer.degraded) degraded++
      if (answer.ok && answer.items < options.k) short++
    }))
  }
  await Promise.all(pending)
  agent.destroy()
  const result: LoadResult = { latencyMs: percentilesOf(latencies), lateMs: percentilesOf(lateness), errors, degraded, short }
  process.stdout.write(JSON.stringify(result))
}

async function ask (agent: Agent, url: string): Promise<Answer> {
  return await new Promise(resolve => {
    const failed = (): void => resolve({ at: performance.now(), ok: false, degraded: false, items: 0 })
    const request = get(url, { agent, timeout: 10_000 }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', failed)
      response.on('end', () => {
        const at = performance.now()
        const text = Buffer.concat(chunks).toString('utf8')
        const ok = response.statusCode === 200
        resolve({ at, ok, degraded: text.includes('"degraded":true'), items: ok ? countItems(text) : 0 })
      })
    })
    request.on('error', failed)
    request.on('timeout', () => request.destroy(new Error('no answer within ten seconds')))
  })
}

function countItems (text: string): number {
  const answer: unknown = JSON.parse(text)
  return typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items) ? new Set(answer.items).size : 0
}

await main(JSON.parse(process.argv[2] ?? ''))
