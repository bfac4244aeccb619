import type { Item } from './item.ts'

/** What a record came from: the same however often it is run, and on the way of its retries. */
export function originOf (applicationId: string, item: Item): string {
  if (item.record === undefined) return `${applicationId}/${item.task.name}/${item.watermark === undefined ? `wall-clock@${item.now}` : `stream-time@${item.watermark}`}`
  const { topic, partition, offset } = item.record
  return item.origin ?? `${applicationId}/${item.task.name}/${topic}-${partition}@${offset}`
}
