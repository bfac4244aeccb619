import Type from 'typebox'

/** Text that Postgres can hold. */
export const Text = (maxLength: number, description?: string) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000]*$', ...(description === undefined ? {} : { description }) })

/**
 * One part of a path, in a store of files as in one of blobs: no slash of either kind, no control character, and neither `.` nor `..`,
 * so that what a sender chooses as a name leads nowhere else.
 */
export const PathPart = (description: string) => Type.String({ minLength: 1, maxLength: 200, pattern: '^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f]+$', description })

/** Parts with slashes between them. */
export const BlobPath = Type.String({
  minLength: 1, maxLength: 1_000, pattern: '^((?!\\.{1,2}(/|$))[^/\\\\\\u0000-\\u001f\\u007f]+)(/(?!\\.{1,2}(/|$))[^/\\\\\\u0000-\\u001f\\u007f]+)*$', description: 'Where the file lies in the store.'
})

export const MediaId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', description: 'UUIDv5, in the URL namespace, of trace_id, a colon and the URL.'
})

export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the file, in hexadecimal.' })

/** How long the address of an attachment may be: some carry a signature. */
export const MAX_URL_LENGTH = 8_192

export const AttachmentUrl = Text(MAX_URL_LENGTH, 'Where the file is to be had.')

export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601.' })
