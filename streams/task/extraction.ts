import { Rejected } from '../graph/contract.ts'
import type { Node } from '../graph/node.ts'
import type { Topic } from '../graph/topic.ts'
import type { StreamRecord } from '../graph/record.ts'
import type { LogRecord } from '../log/log.ts'
import { SchemaNotLoaded } from '../serdes/schema-not-loaded.ts'
import { decode } from './decode.ts'

/** What an extractor made of a record. */
export interface Extraction {
  /** Negative: the record is dropped. */
  readonly timestamp: number
  /** Undefined: a serde failed, and is tried again when the record is run. */
  readonly decoded: StreamRecord | undefined
  /** Why there is no time; the record's own then decides when it is taken. */
  readonly error?: unknown
  /** A schema is to be loaded first, which happens when the record is run: until then its own time decides. */
  readonly again?: () => Extraction
}

/** Asked once per record, with the largest time taken of its partition. */
export type Extract = (record: LogRecord, partitionTime: number) => Extraction

/** Of a source without an extractor: undefined. */
export function extractBy ({ timestampExtractor }: Pick<Node, 'timestampExtractor'>, definition: Topic | undefined): Extract | undefined {
  if (definition === undefined || timestampExtractor === undefined) return undefined
  const extract: Extract = (record, partitionTime) => {
    let decoded: StreamRecord | undefined
    try {
      decoded = decode(record, definition)
      if (decoded.value instanceof Rejected) return { timestamp: record.timestamp, decoded }
      const { topic, partition, offset } = record
      const timestamp = timestampExtractor({ ...decoded, topic, partition, offset }, partitionTime)
      if (!Number.isSafeInteger(timestamp)) throw new TypeError(`The timestampExtractor of '${topic}' returned ${String(timestamp)}; a timestamp is a whole number of milliseconds.`)
      return { timestamp, decoded: { ...decoded, timestamp } }
    } catch (error) {
      return { timestamp: record.timestamp, decoded, error, ...(error instanceof SchemaNotLoaded ? { again: () => extract(record, partitionTime) } : {}) }
    }
  }
  return extract
}
