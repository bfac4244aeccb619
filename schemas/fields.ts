import Type, { type Static, type TSchema } from 'typebox'

/*
 * The fields that events share. Lengths count characters as code points, like Python's `len` and Postgres' `varchar`.
 * Integers end at 2^53 − 1: beyond it a JSON number has lost digits before anybody could check them.
 */

export type EventId = Static<typeof EventId>
export const EventId = Type.String({ minLength: 8, maxLength: 64, description: 'Names the event; what comes again under the same id counts once.' })

export type UserId = Static<typeof UserId>
export const UserId = Type.String({ minLength: 1, maxLength: 128 })

export type ItemId = Static<typeof ItemId>
export const ItemId = Type.String({ minLength: 1, maxLength: 128 })

export const SessionId = Type.String({ minLength: 1, maxLength: 128 })
export const RequestId = Type.String({ minLength: 1, maxLength: 128, description: 'The answer of /reco that the event belongs to.' })

export const Timestamp = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Milliseconds since 1970; below 10^12 it is seconds.'
})

/** What a field may hold when it is there at all: every optional field may also be null. */
export function optional<S extends TSchema & { readonly type: string }> (schema: S) {
  // JSON Schema's list of types, not `anyOf`: it compiles to one comparison more.
  return Type.Optional(Type.Unsafe<Static<S> | null>({ ...schema, type: [schema.type, 'null'] }))
}

/** The name of the event's kind, for senders that repeat it in the body. */
export function optionalName<const Name extends string> (name: Name) {
  return Type.Optional(Type.Unsafe<Name | null>({ type: ['string', 'null'], enum: [name, null] }))
}

export type EventContext = Static<typeof EventContext>
export const EventContext = Type.Object({
  device: optional(Type.String()),
  platform: optional(Type.String()),
  app_version: optional(Type.String()),
  locale: optional(Type.String()),
  country: optional(Type.String()),
  timezone: optional(Type.String()),
  referrer: optional(Type.String()),
  user_agent: optional(Type.String())
})

/** What an impression and a watch have in common. */
export const eventFields = {
  event_id: EventId,
  user_id: UserId,
  session_id: SessionId,
  request_id: RequestId,
  ts_ms: Timestamp,
  server_received_ts_ms: optional(Timestamp),
  context: optional(EventContext)
}
