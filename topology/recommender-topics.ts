import type { RecommenderSettings } from '../schemas/settings.ts'
import { defineTopic } from '../streams/index.ts'

/** Every topic that the recommender reads or writes. What is missing of them is made with as many partitions as watches have. */
export function recommenderTopics (settings: RecommenderSettings) {
  const watches = defineTopic({ name: settings.TOPIC_WATCH, partitions: 6 })
  return {
    watches,
    impressions: defineTopic({ name: settings.TOPIC_IMPRESSION, partitions: watches }),
    events: defineTopic({ name: settings.TOPIC_EVENT, partitions: watches, optional: true }),
    deadLetters: defineTopic({ name: settings.TOPIC_DLQ, partitions: watches })
  }
}
