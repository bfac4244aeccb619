import type { LogHeader } from '../log/log.ts'

/** What led to a record that an engine of ours has written, as its `millrace-source` header says it. */
export interface Route {
  readonly applicationId: string
  /** The user's record at the head; undefined: time alone has led to it. */
  readonly head: { readonly topic: string, readonly partition: number, readonly offset: number } | undefined
  /** Whether internal topics lie between the head and what failed. */
  readonly isThroughInternalTopics: boolean
}

const SOURCE_HEADER = 'millrace-source'
const MAX_BYTES = 4_096
/** `<id>/<sub-topology>/<partition>/<topic>-<partition>@<offset>#<index>`, and `/<task>#<index>` for each internal topic behind it. */
const ROUTE = /^([^/]+)\/.+?\/\d+\/(?:([A-Za-z0-9._-]+)-(\d{1,9})@(\d{1,16})|(?:wall-clock|stream-time)@\d+)#\d+(\/.*)?$/

/** undefined: it has none that we can read. */
export function readRoute (headers: readonly LogHeader[]): Route | undefined {
  const bytes = headers.findLast(([name]) => name === SOURCE_HEADER)?.[1]
  if (bytes === null || bytes === undefined || bytes.length > MAX_BYTES) return undefined
  const match = ROUTE.exec(bytes.toString())
  if (match === null) return undefined
  const [, applicationId = '', topic, partition, offset, further] = match
  return {
    applicationId,
    head: topic === undefined ? undefined : { topic, partition: Number(partition), offset: Number(offset) },
    isThroughInternalTopics: further !== undefined
  }
}

/** The engine puts it behind everything else; one before it is the record's own. */
export function withoutRoute (headers: readonly LogHeader[]): LogHeader[] {
  const index = headers.findLastIndex(([name]) => name === SOURCE_HEADER)
  return headers.filter((_, each) => each !== index)
}
