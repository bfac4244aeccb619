import { isUtf8 } from 'node:buffer'
import { withoutErrors } from '../dead-letters/families.ts'
import { cutText, errorHeaders, MAX_MESSAGE_BYTES, type Cut, type HeaderFamilies, type Stage } from '../dead-letters/headers.ts'
import { readReplayMark } from '../dead-letters/replay-mark.ts'
import type { DeadLetterFormat } from '../graph/stream.ts'
import type { LogHeader, LogRecord, OutgoingRecord } from '../log/log.ts'
import type { Failure } from './item.ts'

export interface DeadLetterOptions {
  readonly applicationId: string
  readonly topic: string
  readonly format: DeadLetterFormat
  readonly families: HeaderFamilies
  /** An envelope beyond this is sent with its payload cut; of raw bytes the value is cut. Of key and headers a quarter of it may go along. */
  readonly maxBytes: number
}

/**
 * The dead letter of a source record: its key, its timestamp, its own headers, and then what our tools and those of others read.
 * What earlier failures have left in its headers does not go along.
 *
 * The same record and failure give the same bytes, however often the unit is run.
 */
export function deadLetter (source: LogRecord, failure: Failure, options: DeadLetterOptions): OutgoingRecord {
  const { maxBytes, format, families } = options
  // A key or headers that alone fill a record would leave no size at which the dead letter can be sent.
  const key = cutRaw(source.key, Math.floor(maxBytes / 4))
  const own = withoutErrors(source.headers)
  const hasLargeHeaders = own.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0) > maxBytes / 4
  const record = { ...source, key: key.bytes, headers: hasLargeHeaders ? [] : own }
  const value = format === 'envelope' ? envelope(record, failure, maxBytes) : cutRaw(record.value, maxBytes)
  const cuts: Cut[] = [...value.truncated ? ['payload' as const] : [], ...key.truncated ? ['key' as const] : [], ...hasLargeHeaders ? ['headers' as const] : []]
  return {
    topic: options.topic,
    key: record.key,
    value: value.bytes,
    headers: [...record.headers, ...headersOf(source, failure, { ...options, families, cuts })],
    ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp })
  }
}

function headersOf (source: LogRecord, failure: Failure, { applicationId, format, families, maxBytes, cuts }: DeadLetterOptions & { readonly cuts: readonly Cut[] }): LogHeader[] {
  const { rejected: { errorType, message }, node, cause, failedAtMs, attempts = 1, errorClass = 'poison' } = failure
  const replayed = readReplayMark(source.headers, source.topic)
  return errorHeaders({
    source,
    applicationId,
    errorId: replayed?.errorId ?? `${applicationId}/${source.topic}-${source.partition}@${source.offset}`,
    node,
    stage: STAGES[errorType] ?? 'validate',
    errorType,
    errorClass,
    message,
    cause,
    attempts,
    firstFailedAtMs: replayed?.firstFailedAtMs ?? failure.firstFailedAtMs ?? failedAtMs,
    failedAtMs,
    replayCount: replayed?.count ?? 0,
    lastReplayId: replayed?.replayId,
    body: format,
    cuts
  }, { families, maxBytes })
}

/** By the engine's own error types; all others are what a contract refuses. */
const STAGES: Readonly<Record<string, Stage>> = { decode: 'decode', json: 'decode', processor: 'process', exhausted: 'process', 'too-old': 'process', loop: 'process', store: 'state', sink: 'sink' }

interface CutBytes {
  readonly bytes: Buffer | null
  readonly truncated: boolean
}

function cutRaw (value: Buffer | null, maxBytes: number): CutBytes {
  if (value === null || value.length <= maxBytes) return { bytes: value, truncated: false }
  return { bytes: value.subarray(0, maxBytes), truncated: true }
}

/** The envelope of specification 000. `payload` is the text as it came; bytes that are no text are replaced in it and kept in `payload_base64`. */
function envelope (record: LogRecord, { rejected, failedAtMs }: Failure, maxBytes: number): CutBytes {
  const write = (payload: Buffer | null): Buffer => Buffer.from(JSON.stringify({
    source_topic: record.topic,
    source_partition: record.partition,
    source_offset: record.offset,
    source_timestamp_ms: record.timestamp,
    source_key: record.key === null ? null : record.key.toString('utf8'),
    error_type: rejected.errorType,
    error_message: cutText(rejected.message, MAX_MESSAGE_BYTES),
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
