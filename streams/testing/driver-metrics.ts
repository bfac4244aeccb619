import type { LogRecord } from '../log/log.ts'
import { timestampOf } from '../task/item.ts'
import type { Unit } from '../task/unit.ts'

/** Kafka Streams' names of a task's metrics; here they are totals over all tasks, since the driver was made. */
export interface TaskMetrics {
  readonly 'process-total': number
  readonly 'dropped-records-total': number
  /** Stream time less timestamp, 0 for a record that is not late; NaN before the first record, as in Kafka Streams. */
  readonly 'record-lateness-avg': number
  readonly 'record-lateness-max': number
}

/** Counts what was committed: a record that is run again counts once. */
export class DriverMetrics {
  /** By partition: the driver counts as Kafka Streams' does, where all sub-topologies of a partition are one task. */
  readonly #streamTimes = new Map<number, number>()
  readonly #skipped = new Set<string>()
  #records = 0
  #dropped = 0
  #lateness = 0
  #maxLateness = NaN

  committed ({ items, drops }: Unit): void {
    this.#dropped += drops.length
    for (const item of items) {
      const { task: { partition } } = item
      const timestamp = timestampOf(item)
      const streamTime = Math.max(this.#streamTimes.get(partition) ?? -1, timestamp)
      this.#streamTimes.set(partition, streamTime)
      if (item.record === undefined) continue
      this.#records++
      this.#lateness += streamTime - timestamp
      this.#maxLateness = Math.max(Number.isNaN(this.#maxLateness) ? 0 : this.#maxLateness, streamTime - timestamp)
    }
  }

  /** By a global table, which no task fills. Each life of the application fills it anew. */
  skipped ({ topic, partition, offset }: LogRecord): void {
    this.#skipped.add(`${topic}/${partition}/${offset}`)
  }

  read (): TaskMetrics {
    return {
      'process-total': this.#records,
      'dropped-records-total': this.#dropped + this.#skipped.size,
      'record-lateness-avg': this.#lateness / this.#records,
      'record-lateness-max': this.#maxLateness
    }
  }
}
