import { readMs, type Duration } from './duration.ts'

/** The delays before the second attempt, the third and so on: listed, or growing from `first` by `factor` up to `max`. */
export type Delays = readonly Duration[] | {
  readonly first: Duration
  readonly factor: number
  readonly max: Duration
}

/** The same, read and checked. */
export type Backoff =
  | { readonly kind: 'listed', readonly delaysMs: readonly number[] }
  | { readonly kind: 'growing', readonly firstMs: number, readonly factor: number, readonly maxMs: number }

export function readDelays (policy: string, delays: Delays): Backoff {
  if (!('first' in delays)) return Object.freeze({ kind: 'listed', delaysMs: readList(policy, delays) })
  const { factor } = delays
  const firstMs = readMs(`${policy}: first`, delays.first)
  const maxMs = readMs(`${policy}: max`, delays.max)
  if (!Number.isFinite(factor) || factor < 1) throw new TypeError(`${policy}: factor is ${factor}; give 1 or more, so that delays do not shrink.`)
  if (maxMs < firstMs) throw new TypeError(`${policy}: max is ${delays.max}, which is less than first, ${delays.first}.`)
  return Object.freeze({ kind: 'growing', firstMs, factor, maxMs })
}

export function readList (policy: string, delays: readonly Duration[]): readonly number[] {
  if (!Array.isArray(delays) || delays.length === 0) throw new TypeError(`${policy}: delays is empty; list one delay for each retry, such as ['1s', '10s'].`)
  return Object.freeze(delays.map((delay, index) => readMs(`${policy}: delays[${index}]`, delay)))
}

/** The delay after so many failed attempts. A list that is at its end goes on with its last. */
export function delayAfter (backoff: Backoff, attempt: number): number {
  if (backoff.kind === 'listed') return backoff.delaysMs[attempt - 1] ?? backoff.delaysMs.at(-1) ?? 0
  return Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (attempt - 1))
}
