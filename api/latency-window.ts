import type { RecoMetrics } from '../schemas/reco-metrics.ts'
import { slaTargets } from '../schemas/targets.ts'

export interface LatencyWindowOptions {
  readonly windowSec: number
  readonly maxSamples: number
}

/**
 * The answers of a rolling window: the newest `maxSamples` of the last `windowSec`. It takes 17 bytes a sample, all at the start,
 * and nothing more afterwards.
 */
export class LatencyWindow {
  readonly #options: LatencyWindowOptions
  readonly #times: Float64Array
  readonly #latencies: Float64Array
  readonly #classes: Uint8Array
  #next = 0
  #size = 0

  constructor (options: LatencyWindowOptions) {
    this.#options = options
    this.#times = new Float64Array(options.maxSamples)
    this.#latencies = new Float64Array(options.maxSamples)
    this.#classes = new Uint8Array(options.maxSamples)
  }

  add (nowMs: number, latencyMs: number, status: number): void {
    this.#times[this.#next] = nowMs
    this.#latencies[this.#next] = latencyMs
    this.#classes[this.#next] = Math.trunc(status / 100)
    this.#next = (this.#next + 1) % this.#options.maxSamples
    if (this.#size < this.#options.maxSamples) this.#size++
  }

  summary (nowMs: number): RecoMetrics {
    const oldest = nowMs - this.#options.windowSec * 1000
    const latencies = new Float64Array(this.#size)
    const classes = [0, 0, 0, 0, 0, 0]
    let count = 0
    for (let i = 0; i < this.#size; i++) {
      if ((this.#times[i] ?? 0) < oldest) continue
      latencies[count++] = this.#latencies[i] ?? 0
      const status = this.#classes[i] ?? 0
      classes[status] = (classes[status] ?? 0) + 1
    }
    return describe(latencies.subarray(0, count).sort(), classes, this.#options.windowSec)
  }
}

function describe (sorted: Float64Array, [, , ok = 0, , refused = 0, failed = 0]: readonly number[], windowSec: number): RecoMetrics {
  const p95 = percentile(sorted, 0.95)
  const p99 = percentile(sorted, 0.99)
  return {
    window_sec: windowSec,
    sample_size: sorted.length,
    status_counts: { '2xx': ok, '4xx': refused, '5xx': failed },
    error_rate_pct: sorted.length === 0 ? 0 : 100 * failed / sorted.length,
    latency_ms: { p50: percentile(sorted, 0.5), p95, p99 },
    sla: {
      target_p95_ms: slaTargets.reco_p95_ms,
      target_p99_ms: slaTargets.reco_p99_ms,
      p95_met: p95 === null ? null : p95 <= slaTargets.reco_p95_ms,
      p99_met: p99 === null ? null : p99 <= slaTargets.reco_p99_ms
    }
  }
}

/** Nearest rank: a latency that was really measured. */
function percentile (sorted: Float64Array, share: number): number | null {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null
}
