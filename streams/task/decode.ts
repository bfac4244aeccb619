import { Rejected } from '../graph/contract.ts'
import type { StreamRecord } from '../graph/record.ts'
import type { Topic } from '../graph/topic.ts'
import type { LogRecord } from '../log/log.ts'
import { DecodeError } from '../serdes/decode-error.ts'

/** A value that is no value goes on as `Rejected`, where a node behind the source routes it. */
export function decode (record: LogRecord, topic: Topic): StreamRecord {
  const { timestamp, headers } = record
  try {
    return {
      key: record.key === null ? null : topic.key.decode(record.key), value: record.value === null ? null : topic.value.decode(record.value), timestamp, headers
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { key: record.key, value: new Rejected(error), timestamp, headers }
  }
}
