import type { LogHeader } from '../log/log.ts'
import { REPLAY } from './families.ts'
import { readDecimal } from './numbers.ts'

/** What a replayed record says of the dead letter that it was. */
export interface ReplayMark {
  readonly errorId: string
  /** How often it has been replayed by now. */
  readonly count: number
  readonly firstFailedAtMs: number | undefined
  readonly replayId: string
  /** Where to: what a node forwards bears the mark of what came in, which says nothing of the forwarded record. */
  readonly topic: string
  /** Which dead letter was replayed; what looks for a record after a crash finds it by this. */
  readonly letter: string
}

const MAX_ID_BYTES = 1_024

export function replayHeaders ({ errorId, count, firstFailedAtMs, replayId, topic, letter }: ReplayMark): LogHeader[] {
  const values = { 'error-id': errorId, count: String(count), ...(firstFailedAtMs === undefined ? {} : { 'first-failed-at-ms': String(firstFailedAtMs) }), id: replayId, topic, letter }
  return Object.entries(values).map(([name, value]) => [REPLAY + name, Buffer.from(value)])
}

/** Of a record of that topic. undefined: it was never replayed to it, or does not say so as we do. */
export function readReplayMark (headers: readonly LogHeader[], topic: string): ReplayMark | undefined {
  const value = (name: string): Buffer | undefined => {
    const bytes = headers.findLast(([each]) => each === REPLAY + name)?.[1] ?? undefined
    return bytes === undefined || bytes.length > MAX_ID_BYTES ? undefined : bytes
  }
  const errorId = value('error-id')
  const count = readDecimal(value('count'))
  if (errorId === undefined || count === undefined || value('topic')?.toString() !== topic) return undefined
  return {
    errorId: errorId.toString(),
    count,
    firstFailedAtMs: readDecimal(value('first-failed-at-ms')),
    replayId: value('id')?.toString() ?? '',
    topic,
    letter: value('letter')?.toString() ?? ''
  }
}
