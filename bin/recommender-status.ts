import { Counter, Gauge, type Registry } from 'prom-client'
import type { WorkerReport } from '../schemas/worker-status.ts'
import type { WorkerObserver } from '../streams/runtime.ts'

export interface RecommenderStatus extends WorkerObserver {
  readonly report: () => WorkerReport
}

export interface RecommenderStatusOptions {
  readonly watchTopic: string
  readonly historySize: number
  readonly autoOffsetReset: WorkerReport['auto_offset_reset']
  readonly mode: WorkerReport['mode']
  readonly registry: Registry
  readonly now: () => number
}

/** The recommender's own numbers, by the names that its users know: the contract's metrics and its worker status. */
export function createRecommenderStatus ({ watchTopic, historySize, autoOffsetReset, mode, registry, now }: RecommenderStatusOptions): RecommenderStatus {
  const registers = [registry]
  const processed = new Counter({ name: 'reco_worker_processed_total', help: 'Records processed, dead letters included.', registers })
  const deadLetters = new Counter({ name: 'reco_worker_dlq_total', help: 'Records sent to the dead-letter topic.', registers })
  const lag = new Gauge({ name: 'reco_worker_consumer_lag_ms', help: 'Age of the newest record when it was committed.', registers })
  const latency = new Gauge({ name: 'reco_watch_event_to_feature_latency_ms', help: 'From a watch record to its committed features.', registers })
  const running = new Gauge({ name: 'reco_worker_running', help: '1 while a worker runs in this process.', registers })
  running.set(1)

  let report: WorkerReport = {
    processed_count: 0,
    dlq_count: 0,
    last_consumer_lag_ms: null,
    last_event_to_feature_latency_ms: null,
    last_processed_at_ms: null,
    watch_feature_updates: 0,
    watch_duplicates: 0,
    history_size: historySize,
    auto_offset_reset: autoOffsetReset,
    mode
  }

  return {
    report: () => report,
    assigned () {},
    committed ({ items, emissions, drops }) {
      const at = now()
      const dead = emissions.filter(({ isDeadLetter }) => isDeadLetter)
      const deadItems = new Set(dead.map(({ item }) => item))
      const duplicates = drops.filter(({ node, reason }) => reason === 'duplicate' && node.name === 'keep-new-watches').length
      const watches = items.filter(item => item.record?.topic === watchTopic && !deadItems.has(item))
      const newest = items.at(-1)?.record?.timestamp ?? -1
      const newestWatch = watches.at(-1)?.record?.timestamp ?? -1
      processed.inc(items.length)
      deadLetters.inc(dead.length)
      if (newest >= 0) lag.set(Math.max(0, at - newest))
      if (newestWatch >= 0) latency.set(Math.max(0, at - newestWatch))
      report = {
        ...report,
        processed_count: report.processed_count + items.length,
        dlq_count: report.dlq_count + dead.length,
        last_consumer_lag_ms: newest < 0 ? report.last_consumer_lag_ms : Math.max(0, at - newest),
        last_event_to_feature_latency_ms: newestWatch < 0 ? report.last_event_to_feature_latency_ms : Math.max(0, at - newestWatch),
        last_processed_at_ms: at,
        watch_feature_updates: report.watch_feature_updates + watches.length - duplicates,
        watch_duplicates: report.watch_duplicates + duplicates
      }
    }
  }
}
