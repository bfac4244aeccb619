/** A length of time as people write it: '500ms', '2s', '5m', '1h', '1d', or a number of milliseconds. */
export type Duration = string | number

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const

/** As milliseconds. `what` says in the error where it was written. */
export function readMs (what: string, value: Duration): number {
  const ms = typeof value === 'number' ? value : msOf(value)
  if (ms === undefined) throw new TypeError(`${what} is '${value}'; write a whole number and ms, s, m, h or d, such as '500ms' or '5m'.`)
  if (!Number.isSafeInteger(ms) || ms < 1) throw new TypeError(`${what} is ${value}; give at least one millisecond, as a whole number.`)
  return ms
}

/** In the largest unit that it is a whole number of. */
export function writeMs (ms: number): string {
  for (const [unit, length] of Object.entries(UNITS)) if (ms % length === 0) return `${ms / length}${unit}`
  return `${ms}ms`
}

function msOf (text: string): number | undefined {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  for (const [name, length] of Object.entries(UNITS)) if (name === unit) return Number(count) * length
  return undefined
}
