export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** The smallest value that so large a share of all values does not exceed. */
export function percentile (sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function percentilesOf (values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => round(percentile(sorted, share), 2)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) }
}

export function median (values: readonly number[]): number {
  return percentile(values.toSorted((a, b) => a - b), 0.5)
}

export function round (value: number, digits = 0): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
