import type { Ranked } from './state-reader.ts'

/*
 * What the read script joins with U+0000, which no stored text holds. Members, entries and scores come by the thousand, so numbers are read
 * where they stand, without a text of their own.
 */

const SEPARATOR = '\u0000'
const MINUS = 45
const ZERO = 48
/** As many digits as any number of them keeps exactly. */
const EXACT_DIGITS = 15

export function textsIn (joined: string): string[] {
  return joined === '' ? [] : joined.split(SEPARATOR)
}

/** Scores are negated counts. */
export function countsIn (joined: string): number[] {
  const counts: number[] = []
  for (let from = 0; from < joined.length;) {
    const end = endOf(joined, from)
    counts.push(countAt(joined, from, end))
    from = end + 1
  }
  return counts
}

/** Members and scores in turn. */
export function rankedIn (joined: string): Ranked[] {
  const ranked: Ranked[] = []
  for (let from = 0; from < joined.length;) {
    const middle = endOf(joined, from)
    const end = endOf(joined, middle + 1)
    ranked.push({ member: joined.slice(from, middle), count: countAt(joined, middle + 1, end) })
    from = end + 1
  }
  return ranked
}

function endOf (joined: string, from: number): number {
  const end = joined.indexOf(SEPARATOR, from)
  return end < 0 ? joined.length : end
}

/** 0 is not to come out as −0. */
function countAt (joined: string, from: number, end: number): number {
  const negative = joined.charCodeAt(from) === MINUS
  const first = negative ? from + 1 : from
  if (end - first > EXACT_DIGITS) return 0 - Number(joined.slice(from, end))
  let value = 0
  for (let index = first; index < end; index++) {
    const digit = joined.charCodeAt(index) - ZERO
    if (digit < 0 || digit > 9) return 0 - Number(joined.slice(from, end))
    value = value * 10 + digit
  }
  return negative ? value : 0 - value
}
