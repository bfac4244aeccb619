import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { WorkerReport } from '../schemas/worker-status.ts'
import { isSchemaMissing, quoteSchema, type ReadQuery } from './read-query.ts'

export interface WorkerStatusReader {
  /** All workers that reported within the last 10 seconds as one; undefined when there is none, or no schema yet. */
  readonly current: () => Promise<WorkerReport | undefined>
}

export interface WorkerStatusOptions {
  readonly query: ReadQuery
  readonly applicationId: string
}

const Row = Compile(Type.Object({ status: WorkerReport }))

/** What the workers of an application id say about themselves, each in its row of `millrace_workers`. */
export function openWorkerStatus ({ query, applicationId }: WorkerStatusOptions): WorkerStatusReader {
  const sql = statusSql(quoteSchema(applicationId))

  async function current (): Promise<WorkerReport | undefined> {
    try {
      const rows = await query(sql, [])
      return together(rows.map(row => Row.Parse(row).status))
    } catch (error) {
      if (isSchemaMissing(error)) return undefined
      throw error
    }
  }

  return { current }
}

/** Adds the counters up. Of the lags the worst counts, of the latencies the one measured last. */
export function together (reports: readonly WorkerReport[]): WorkerReport | undefined {
  const latest = reports.toSorted((a, b) => (b.last_processed_at_ms ?? 0) - (a.last_processed_at_ms ?? 0))
  const newest = latest[0]
  if (newest === undefined) return undefined
  return {
    ...newest,
    processed_count: sum(reports, report => report.processed_count),
    dlq_count: sum(reports, report => report.dlq_count),
    watch_feature_updates: sum(reports, report => report.watch_feature_updates),
    watch_duplicates: sum(reports, report => report.watch_duplicates),
    last_consumer_lag_ms: worst(reports.map(report => report.last_consumer_lag_ms)),
    last_event_to_feature_latency_ms: latest.find(report => report.last_event_to_feature_latency_ms !== null)?.last_event_to_feature_latency_ms ?? null
  }
}

function sum (reports: readonly WorkerReport[], count: (report: WorkerReport) => number): number {
  return reports.reduce((total, report) => total + count(report), 0)
}

function worst (lags: readonly (number | null)[]): number | null {
  const known = lags.filter(lag => lag !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function statusSql (schema: string): string {
  return `select status from ${schema}.millrace_workers where updated_at > now() - interval '10 seconds' order by updated_at desc, worker_id`
}
