import type { Table } from '../lib/benchmark.ts'
import { median, round, type Percentiles } from '../lib/statistics.ts'
import { EVENTS_PER_SECOND, K, REQUESTS_PER_SECOND } from '../serving.ts'
import type { Measured } from './measure.ts'
import type { Filled } from './state.ts'

export interface ServingRuns {
  readonly users: number
  readonly items: number
  readonly seconds: number
  readonly filled: Filled
  readonly keysPerSecond: number
  /** Paired, while events are ingested. */
  readonly runs: readonly Measured[]
  readonly others: readonly Measured[]
}

export function servingTable ({ users, items, seconds, filled, keysPerSecond, runs, others }: ServingRuns): Table {
  return {
    title: `Serving: /reco?k=${K} at ${REQUESTS_PER_SECOND.toLocaleString('en')} requests/s for ${seconds} s, open loop, while ${EVENTS_PER_SECOND.toLocaleString('en')} events/s are ingested; ${items.toLocaleString('en')} items, ${users.toLocaleString('en')} users`,
    rows: [
      ['asked', 'requests', 'p50', 'p95', 'p99', 'p99.9', 'max', 'errors', 'degraded', 'CPU per request: server + Redis'],
      ...[...Map.groupBy(runs, ({ server }) => server).values(), ...others.map(each => [each])].map(row)
    ],
    notes: [
      `Median of ${Map.groupBy(runs, ({ server }) => server).values().next().value?.length ?? 0} runs each, in turns; errors and degraded answers of all of them. The constant answer shows the noise of the load tool and of the machine, which all share.`,
      'Latency counts from the moment a request was due, so a server that stands still cannot hide it, nor a load tool that is late. Load by vegeta, its times corrected by when each request was due.',
      'The handler reads the same keys with fastify and ioredis, the formula inline, without limits, checks, metrics, cache and fallback. The answers of all to the same 200 users were compared in the end.',
      `Redis' CPU is with what the projection of the events takes. Building it anew from Postgres after its fence was lost took ${round(filled.rebuildSeconds, 1)} s: ${filled.keys.toLocaleString('en')} keys, ${keysPerSecond.toLocaleString('en')} a second.`
    ]
  }
}

function row (runs: readonly Measured[]): string[] {
  const latency = (pick: keyof Percentiles): string => `${median(runs.map(({ load }) => load.latencyMs[pick]))} ms`
  const sum = (pick: (run: Measured) => number): number => runs.reduce((total, run) => total + pick(run), 0)
  const requests = sum(({ load }) => load.latencyMs.count)
  return [
    runs[0]?.server ?? '',
    requests.toLocaleString('en'),
    ...(['p50', 'p95', 'p99', 'p999', 'max'] as const).map(latency),
    String(sum(({ load }) => load.errors)),
    `${round(sum(({ load }) => load.degraded) / requests * 100, 2)} %`,
    `${round(median(runs.map(({ cpuMicros }) => cpuMicros ?? Number.NaN)))} µs + ${round(median(runs.map(({ redisCpuMicros }) => redisCpuMicros)))} µs`
  ]
}
