/** Whoever asks for more is not believed: the last delay of a retry is long enough. */
const LONGEST_MS = 24 * 60 * 60 * 1000

/** What a `Retry-After` header asks for, in milliseconds from now: it holds seconds, or a date. Undefined where it says neither. */
export function readRetryAfter (header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  // `Date.parse` takes much for a date that HTTP does not; every date of HTTP begins with the name of a day.
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) - nowMs : NaN
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(delayMs, 0), LONGEST_MS)
}
