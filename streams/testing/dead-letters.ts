import type { Topology } from '../graph/topology.ts'
import type { LogRecord, TopicPartition } from '../log/log.ts'

/** A record that was turned away, and why. */
export interface DeadLetter {
  /** Where it was written. */
  readonly topic: string
  readonly source: TopicPartition & { readonly offset: number }
  /** The node that turned it away or failed on it. */
  readonly node: string
  readonly errorType: string
  readonly message: string
  readonly key: Buffer | null
  /** As written: the source's bytes, or an envelope around them. */
  readonly value: Buffer | null
}

export function deadLetterTopics ({ nodes, sources }: Topology): string[] {
  const routed = nodes.flatMap(({ kind, topic }) => kind === 'dead-letter-sink' && topic !== undefined ? topic.name : [])
  return [...new Set([...routed, ...sources.flatMap(({ deadLetters }) => deadLetters?.topic.name ?? [])])]
}

export function readDeadLetter ({ topic, key, value, headers }: LogRecord): DeadLetter {
  // A record may have come with such headers, as one that is sent round again; those of this dead letter are behind them.
  const text = (name: string): string => headers.findLast(([each]) => each === name)?.[1]?.toString() ?? ''
  return {
    topic,
    source: { topic: text('__dlq.errors.topic'), partition: Number(text('__dlq.errors.partition')), offset: Number(text('__dlq.errors.offset')) },
    node: text('__millrace.errors.node'),
    errorType: text('__millrace.errors.type'),
    message: text('__dlq.errors.message'),
    key,
    value
  }
}
