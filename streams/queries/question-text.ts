import type { MinPosition } from './min-position.ts'
import { QueryError } from './query-error.ts'

/** What is asked of a store, as an address or a command line has it. */
export interface TextQuestion {
  /** Left out: a range of keys. */
  readonly key?: string | undefined
  /** Keys; behind a key the times of its windows. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly prefix?: string | undefined
  readonly asOf?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
  /** topic:partition:offset */
  readonly minPosition?: string | undefined
  readonly timeoutMs?: number | undefined
}

/** Milliseconds since 1970, or a time of ISO 8601; without a zone it is UTC. */
export function timeFromText (option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
  const time = isIso ? Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`) : NaN
  if (Number.isNaN(time)) throw new QueryError('refused', `${option} is '${text}'; give a time in ISO 8601, as in 2026-01-31T12:00:00Z, or milliseconds since 1970.`)
  return time
}

/** `topic:partition:offset`; the topic may have colons of its own. */
export function minPositionFromText (text: string): MinPosition {
  const [, topic, partition, offset] = /^(.+):(\d{1,10}):(\d{1,15})$/.exec(text) ?? []
  if (topic === undefined) throw new QueryError('refused', `minPosition is '${text}'; give topic:partition:offset, as in orders:0:41.`)
  return { topic, partition: Number(partition), offset: Number(offset) }
}
