import type { TopicPartition } from '../log/log.ts'

/** Where a reset moves the inputs. */
export type ResetTarget =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset', readonly offset: number }
  /** The first record at or after that time in milliseconds; the end where there is none. */
  | { readonly kind: 'time', readonly timestamp: number }
  | { readonly kind: 'shift', readonly by: number }
  | { readonly kind: 'group' }

/** What is known of a partition when its new position is chosen. */
export interface PartitionView extends TopicPartition {
  readonly beginning: number
  readonly end: number
  /** The first record at or after the asked time. */
  readonly atTime?: number
  /** Where Postgres says that the application is. */
  readonly position?: number
  /** Where the consumer group says so. */
  readonly groupOffset?: number
}

/**
 * The new position: as Kafka Streams' reset tool chooses it, clamped to what the partition holds. Where there is nothing to shift
 * from or no group offset to take, it is the beginning: that skips no record.
 */
export function newPosition (target: ResetTarget, view: PartitionView): number {
  return Math.max(view.beginning, Math.min(view.end, askedPosition(target, view)))
}

function askedPosition (target: ResetTarget, { beginning, end, atTime, position, groupOffset }: PartitionView): number {
  switch (target.kind) {
    case 'earliest': return beginning
    case 'latest': return end
    case 'offset': return target.offset
    case 'time': return atTime ?? end
    case 'shift': return (position ?? groupOffset ?? beginning) + target.by
    case 'group': return groupOffset ?? beginning
  }
}
