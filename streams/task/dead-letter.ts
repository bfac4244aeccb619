import { isUtf8 } from 'node:buffer'
import type { DeadLetterFormat } from '../graph/stream.ts'
import type { LogHeader, LogRecord, OutgoingRecord } from '../log/log.ts'
import type { Failure } from './item.ts'

export interface DeadLetterOptions {
  readonly applicationId: string
  readonly topic: string
  readonly format: DeadLetterFormat
  /** An envelope beyond this is sent with its payload cut; of raw bytes the value is cut. Of key and headers a quarter of it may go along. */
  readonly maxBytes: number
}

/**
 * The dead letter of a source record: its key, its timestamp, its own headers, and then what other tools read (the
 * broker's `__dlq.errors.*`, Kafka Streams' `__streams.errors.*`, Spring's `kafka_dlt-*`) and our own `__millrace.errors.*`.
 *
 * The same record and failure give the same bytes, however often the unit is run.
 */
export function deadLetter (source: LogRecord, failure: Failure, options: DeadLetterOptions): OutgoingRecord {
  const { maxBytes } = options
  // A key or headers that alone fill a record would leave no size at which the dead letter can be sent.
  const key = cutRaw(source.key, Math.floor(maxBytes / 4))
  const hasLargeHeaders = source.headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0) > maxBytes / 4
  const record = { ...source, key: key.bytes, headers: hasLargeHeaders ? [] : source.headers }
  const value = options.format === 'envelope' ? envelope(record, failure, maxBytes) : cutRaw(record.value, maxBytes)
  return {
    topic: options.topic,
    key: record.key,
    value: value.bytes,
    headers: [...record.headers, ...errorHeaders(record, failure, options, {
      ...(value.truncated ? { 'payload-truncated': 'true' } : {}),
      ...(key.truncated ? { 'key-truncated': 'true' } : {}),
      ...(hasLargeHeaders ? { 'headers-truncated': 'true' } : {})
    })],
    ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp })
  }
}

const MAX_MESSAGE = 2_048
const MAX_STACK = 8_192

function errorHeaders (record: LogRecord, failure: Failure, { applicationId, maxBytes }: DeadLetterOptions, cuts: Readonly<Record<string, string>>): LogHeader[] {
  const { rejected: { errorType, message }, node, cause, failedAtMs } = failure
  const exception = cause instanceof Error ? cause.name : 'Rejected'
  const stack = cause instanceof Error ? cause.stack ?? '' : ''
  const shortMessage = message.slice(0, Math.min(MAX_MESSAGE, maxBytes))
  const coordinates = { topic: record.topic, partition: String(record.partition), offset: String(record.offset) }
  return [
    ...textHeaders('__dlq.errors.', { ...coordinates, group: applicationId, 'delivery.count': '1', message: shortMessage }),
    ...textHeaders('__streams.errors.', { exception, message: shortMessage, stacktrace: stack.slice(0, Math.min(MAX_STACK, maxBytes)), ...coordinates }),
    ['kafka_dlt-original-topic', Buffer.from(record.topic)],
    ['kafka_dlt-original-partition', int32(record.partition)],
    ['kafka_dlt-original-offset', int64(record.offset)],
    ['kafka_dlt-original-timestamp', int64(record.timestamp)],
    ['kafka_dlt-original-consumer-group', Buffer.from(applicationId)],
    ['kafka_dlt-exception-fqcn', Buffer.from(exception)],
    ['kafka_dlt-exception-message', Buffer.from(shortMessage)],
    ...textHeaders('__millrace.errors.', {
      format: '1',
      id: `${applicationId}/${record.topic}-${record.partition}@${record.offset}`,
      application: applicationId,
      node,
      type: errorType,
      class: 'poison',
      'failed-at-ms': String(failedAtMs),
      ...cuts
    })
  ]
}

function textHeaders (prefix: string, values: Readonly<Record<string, string>>): LogHeader[] {
  return Object.entries(values).map(([name, value]) => [prefix + name, Buffer.from(value)])
}

function int32 (value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}

function int64 (value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}

interface Cut {
  readonly bytes: Buffer | null
  readonly truncated: boolean
}

function cutRaw (value: Buffer | null, maxBytes: number): Cut {
  if (value === null || value.length <= maxBytes) return { bytes: value, truncated: false }
  return { bytes: value.subarray(0, maxBytes), truncated: true }
}

/** The envelope of specification 000. `payload` is the text as it came; bytes that are no text are replaced in it and kept in `payload_base64`. */
function envelope (record: LogRecord, { rejected, failedAtMs }: Failure, maxBytes: number): Cut {
  const write = (payload: Buffer | null): Buffer => Buffer.from(JSON.stringify({
    source_topic: record.topic,
    source_partition: record.partition,
    source_offset: record.offset,
    source_timestamp_ms: record.timestamp,
    source_key: record.key === null ? null : record.key.toString('utf8'),
    error_type: rejected.errorType,
    error_message: rejected.message.slice(0, MAX_MESSAGE),
    payload: payload === null ? null : payload.toString('utf8'),
    ...(payload !== null && !isUtf8(payload) && payload.length === record.value?.length ? { payload_base64: payload.toString('base64') } : {}),
    ...(payload?.length === record.value?.length ? {} : { payload_truncated: true }),
    failed_at_ms: failedAtMs
  }))
  const whole = write(record.value)
  if (whole.length <= maxBytes || record.value === null) return { bytes: whole, truncated: false }
  // Escapes can make a byte six, so a cut may have to be made again; each one is a quarter of the one before.
  for (let kept = Math.floor(maxBytes / 2); ; kept = Math.floor(kept / 4)) {
    const bytes = write(record.value.subarray(0, kept))
    if (bytes.length <= maxBytes || kept === 0) return { bytes, truncated: true }
  }
}
