import { GraphNode } from './graph-node.ts'
import type { OffsetReset } from './node.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** How a topic is read; Kafka Streams' `Consumed`. */
export interface SourceOptions<K = unknown, V = unknown> {
  /** Where partitions are begun that nobody has read yet; left out: as the worker is told. */
  readonly offsetReset?: OffsetReset
  /** The time of each record, which also decides which one of a task's is taken next; left out: its own. */
  readonly timestampExtractor?: TimestampExtractor<K, V>
}

/** What a source reads: topics by name, or those that a pattern matches. */
export type Selection = { readonly topics: readonly Topic[] } | { readonly pattern: TopicPattern }

/** The source's topic makes what its extractor takes. */
export function erasedExtractor<K, V> (extractor: TimestampExtractor<K, V> | undefined): TimestampExtractor | undefined {
  // It is only ever given what the serdes of the same source have decoded.
  return extractor as TimestampExtractor | undefined
}

/** Topics that are read as a stream. */
export class StreamSourceNode extends GraphNode {
  readonly selection: Selection
  readonly offsetReset: OffsetReset | undefined
  readonly timestampExtractor: TimestampExtractor | undefined

  constructor (name: string, selection: Selection, { offsetReset, timestampExtractor }: { readonly offsetReset?: OffsetReset | undefined, readonly timestampExtractor?: TimestampExtractor | undefined } = {}) {
    super({ name, write: physical => physical.add({ kind: 'source', name, parents: [], ...selection, offsetReset, timestampExtractor }) })
    this.selection = selection
    this.offsetReset = offsetReset
    this.timestampExtractor = timestampExtractor
  }
}
