import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { percentilesOf } from '../lib/statistics.ts'
import type { LoadOptions, LoadResult } from './result.ts'

/** One request as vegeta writes it down; times in nanoseconds. */
interface Hit {
  readonly seq: number
  readonly code: number
  readonly timestamp: string
  readonly latency: number
  readonly error: string
  readonly body: string
}

/** What vegeta notes for those who found the list of requests at its end; nothing was sent. */
const OVER = 'no targets to attack'

/**
 * Reads what vegeta wrote down. It counts a request's time from when it was sent; here it counts from when it was due, so that a load
 * tool that had to wait for a processor does not hide the time.
 */
export async function readAttack (file: string, { perSecond, k }: Pick<LoadOptions, 'perSecond' | 'k'>): Promise<LoadResult> {
  const sent: { readonly at: number, readonly due: number, readonly took: number }[] = []
  const kinds: Record<string, number> = {}
  let errors = 0
  let degraded = 0
  let short = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    // Written by vegeta's `encode -to=json`, a request a line, in any order.
    const { seq, code, timestamp, latency, error, body } = JSON.parse(line) as Hit
    if (error === OVER) continue
    sent.push({ at: millisecondsOf(timestamp), due: seq * 1000 / perSecond, took: latency / 1e6 })
    if (code !== 200) {
      errors++
      // The end of a message is its reason; what stands before names address and port.
      const kind = code === 0 ? error.slice(error.lastIndexOf(': ') + 1).trim() : String(code)
      kinds[kind] = (kinds[kind] ?? 0) + 1
      continue
    }
    const answer: unknown = JSON.parse(Buffer.from(body, 'base64').toString('utf8'))
    if (isDegraded(answer)) degraded++
    if (countItems(answer) < k) short++
  }
  // Nothing is sent before it is due: the most punctual one says when it began.
  const begun = sent.reduce((earliest, { at, due }) => Math.min(earliest, at - due), Infinity)
  const late = sent.map(({ at, due }) => at - begun - due)
  return { latencyMs: percentilesOf(sent.map(({ took }, index) => took + (late[index] ?? 0))), lateMs: percentilesOf(late), errors, kinds, degraded, short }
}

/** Since 1970, to the nanosecond as far as a number holds it; Date knows milliseconds only. */
function millisecondsOf (timestamp: string): number {
  const fraction = /\.(\d+)/.exec(timestamp)?.[0] ?? '.0'
  return Date.parse(timestamp.replace(fraction, '')) + Number(fraction) * 1000
}

function isDegraded (answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'degraded' in answer && answer.degraded === true
}

function countItems (answer: unknown): number {
  return typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items) ? new Set(answer.items).size : 0
}
