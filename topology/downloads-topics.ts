import { defineTopic } from '../streams/index.ts'

/** The topics between the workers of the downloads pipeline, keyed by `media_id`. What is missing is made with 6 partitions. */
export function downloadsTopics ({ DOWNLOADS_TOPIC_PREFIX: prefix }: { readonly DOWNLOADS_TOPIC_PREFIX: string }) {
  return {
    events: defineTopic({ name: `${prefix}.events.raw`, partitions: 6 }),
    pending: defineTopic({ name: `${prefix}.downloads.pending`, partitions: 6 }),
    cached: defineTopic({ name: `${prefix}.downloads.cached`, partitions: 6 }),
    results: defineTopic({ name: `${prefix}.downloads.results`, partitions: 6 }),
    deadLetters: defineTopic({ name: `${prefix}.downloads.dlq`, partitions: 6 })
  }
}
