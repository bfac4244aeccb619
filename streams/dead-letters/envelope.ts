import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Said } from './family-readers.ts'

const Whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** What the body has in which the recommender wraps what it turned away. */
const Envelope = Compile(Type.Object({
  source_topic: Type.String({ minLength: 1, maxLength: 249 }),
  source_partition: Whole,
  source_offset: Whole,
  source_key: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  error_type: Type.String({ maxLength: 512 }),
  error_message: Type.String(),
  payload: Type.Union([Type.String(), Type.Null()]),
  payload_base64: Type.Optional(Type.String()),
  payload_truncated: Type.Optional(Type.Boolean()),
  failed_at_ms: Type.Optional(Whole)
}))

export interface Unwrapped {
  readonly said: Said
  readonly value: Buffer | null
}

const OPENING_BRACE = 0x7b
const MAX_MESSAGE = 4_096

/** undefined: it is no envelope. */
export function unwrap (value: Buffer | null): Unwrapped | undefined {
  if (value === null || value[0] !== OPENING_BRACE) return undefined
  const envelope = parse(value)
  if (!Envelope.Check(envelope)) return undefined
  const { source_topic: topic, source_partition: partition, source_offset: offset, payload, payload_base64: base64, failed_at_ms: failedAtMs } = envelope
  return {
    said: {
      origin: { topic, partition, offset },
      errorCode: envelope.error_type,
      message: envelope.error_message.slice(0, MAX_MESSAGE),
      ...(failedAtMs === undefined ? {} : { failedAtMs }),
      cuts: envelope.payload_truncated === true ? ['payload'] : []
    },
    value: base64 !== undefined ? Buffer.from(base64, 'base64') : payload === null ? null : Buffer.from(payload)
  }
}

function parse (value: Buffer): unknown {
  try {
    return JSON.parse(value.toString())
  } catch {
    return undefined
  }
}
