import { Rejected } from '../../streams/graph/contract.ts'
import type { LogHeader, LogRecord } from '../../streams/log/log.ts'
import { deadLetter } from '../../streams/task/dead-letter.ts'
import type { Failure } from '../../streams/task/item.ts'
import { logRecord } from './tasks.ts'

/** A record that failed somewhere. */
export type Failed = Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'key' | 'value' | 'headers'>

export const failed: Failed = {
  topic: 'orders', partition: 3, offset: 1_234, key: Buffer.from('k-1'), value: Buffer.from('{"user":"u-1","items":[{"price":-1}]}'), headers: [['trace', Buffer.from('t')]]
}

/** What goes to a dead-letter topic. */
export type Letter = Pick<LogRecord, 'key' | 'value' | 'headers' | 'timestamp'>

export const STACK = 'java.lang.IllegalStateException: no\n\tat com.shop.Orders.apply(Orders.java:17)'
export const FAILED_AT = 1_700_000_000_999
const TIMESTAMP = 1_700_000_000_123

/** Dead letters of a record as each kind of system writes them, by the names of the families. */
export const letters = {
  millrace: (record: Failed, failure: Partial<Failure> = {}): Letter => own(record, failure, 'raw'),
  envelopeOfOurs: (record: Failed, failure: Partial<Failure> = {}): Letter => own(record, failure, 'envelope'),
  /** The broker's, KIP-1191: headers of the record are not copied. */
  'share-group': (record: Failed): Letter => letter({ ...record, headers: [] }, [
    ...coordinates('__dlq.errors.', record), text('__dlq.errors.group', 'billing'), text('__dlq.errors.delivery.count', '5'), text('__dlq.errors.message', 'gave up')
  ]),
  /** KIP-1034. */
  'kafka-streams': (record: Failed): Letter => letter(record, [
    text('__streams.errors.exception', 'java.lang.IllegalStateException'), text('__streams.errors.stacktrace', STACK), text('__streams.errors.message', 'no'), ...coordinates('__streams.errors.', record)
  ]),
  spring: (record: Failed): Letter => letter(record, spring(record, 'kafka_dlt-')),
  'spring-retry': (record: Failed): Letter => letter(record, [...spring(record, 'kafka_'), ['retry_topic-attempts', int32(4)], ['retry_topic-original-timestamp', Buffer.from([0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b])]]),
  connect: (record: Failed): Letter => letter(record, [
    ...coordinates('__connect.errors.', record),
    text('__connect.errors.connector.name', 'to-warehouse'),
    text('__connect.errors.task.id', '0'),
    text('__connect.errors.stage', 'VALUE_CONVERTER'),
    text('__connect.errors.class.name', 'org.apache.kafka.connect.json.JsonConverter'),
    text('__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'),
    text('__connect.errors.exception.message', 'no'),
    text('__connect.errors.exception.stacktrace', STACK)
  ]),
  /** Of specification 000's first implementation: nothing but the body. */
  envelope: (record: Failed): Letter => ({
    key: record.key,
    timestamp: TIMESTAMP,
    headers: [],
    value: Buffer.from(JSON.stringify({
      source_topic: record.topic,
      source_partition: record.partition,
      source_offset: record.offset,
      source_timestamp_ms: TIMESTAMP,
      source_key: record.key === null ? null : String(record.key),
      error_type: 'schema',
      error_message: 'no',
      payload: record.value === null ? null : String(record.value),
      failed_at_ms: FAILED_AT
    }))
  })
} as const

function own ({ ...record }: Failed, failure: Partial<Failure>, format: 'raw' | 'envelope'): Letter {
  const whole = { rejected: new Rejected({ errorType: 'schema', message: 'no' }), node: 'check-order', cause: undefined, failedAtMs: FAILED_AT, ...failure }
  const { key, value, headers } = deadLetter(logRecord({ ...record, timestamp: TIMESTAMP }), whole, { applicationId: 'shop', topic: 'dead', format, families: { spring: true, connect: false }, maxBytes: 900_000 })
  // As the engine puts it behind everything else.
  return { key, value, headers: [...headers, text('millrace-source', `shop/orders/${record.partition}/${record.topic}-${record.partition}@${record.offset}#0`)], timestamp: TIMESTAMP }
}

function spring ({ topic, partition, offset }: Failed, prefix: string): LogHeader[] {
  return [
    text(`${prefix}original-topic`, topic),
    [`${prefix}original-partition`, int32(partition)],
    [`${prefix}original-offset`, int64(offset)],
    [`${prefix}original-timestamp`, int64(TIMESTAMP)],
    text(`${prefix}original-timestamp-type`, 'CREATE_TIME'),
    // This one has the same name on the retry path.
    text('kafka_dlt-original-consumer-group', 'billing'),
    text(`${prefix}exception-fqcn`, 'org.springframework.kafka.listener.ListenerExecutionFailedException'),
    text(`${prefix}exception-cause-fqcn`, 'java.lang.IllegalStateException'),
    text(`${prefix}exception-message`, 'no'),
    text(`${prefix}exception-stacktrace`, STACK)
  ]
}

function letter ({ key, value, headers }: Failed, added: readonly LogHeader[]): Letter {
  return { key, value, headers: [...headers, ...added], timestamp: TIMESTAMP }
}

function coordinates (prefix: string, { topic, partition, offset }: Failed): LogHeader[] {
  return [text(`${prefix}topic`, topic), text(`${prefix}partition`, String(partition)), text(`${prefix}offset`, String(offset))]
}

function text (name: string, value: string): LogHeader {
  return [name, Buffer.from(value)]
}

function int32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64 (value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
