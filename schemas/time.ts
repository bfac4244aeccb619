export interface TimeWindow {
  readonly maxFutureMs: number
  readonly maxAgeMs: number
}

/** Senders disagree about the unit: what is too small to be milliseconds of this century is seconds. */
const FIRST_MILLISECOND = 1e12

/** The time of an event in milliseconds since 1970, whichever of the two units it was sent in. */
export function toMillis (ts: number): number {
  return ts < FIRST_MILLISECOND ? ts * 1000 : ts
}

/**
 * Whether an event's time fits the time of its record. It is the record's time that counts, not the clock:
 * else last quarter's log could not be replayed. A record without a time (−1) fits always.
 */
export function isInWindow (ts: number, recordTimestamp: number, { maxFutureMs, maxAgeMs }: TimeWindow): boolean {
  if (recordTimestamp < 0) return true
  const ahead = toMillis(ts) - recordTimestamp
  return ahead <= maxFutureMs && ahead >= -maxAgeMs
}

/** What is wrong with a time outside the window, in words. */
export function windowMistake (ts: number, recordTimestamp: number, { maxFutureMs, maxAgeMs }: TimeWindow): string {
  const ahead = toMillis(ts) - recordTimestamp
  return ahead > 0
    ? `found ${ts}, which is ${ahead} ms after the record's time ${recordTimestamp}; wanted at most ${maxFutureMs} ms`
    : `found ${ts}, which is ${-ahead} ms before the record's time ${recordTimestamp}; wanted at most ${maxAgeMs} ms`
}
