import { isUtf8 } from 'node:buffer'
import { errorOf, timeOf, type DeadLetter, type LedgerLetter } from '../../../streams/runtime.ts'

/** What comes from records may hold anything: nothing of it moves a terminal's cursor or colours what follows. */
export function printable (text: string): string {
  // The very characters that must not reach the terminal: C0 but tab and newline, DEL and C1.
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** One line, cut to so many characters. */
export function cell (text: string | undefined, maxLength: number): string {
  if (text === undefined) return '-'
  const line = printable(text).replaceAll(/\s+/g, ' ')
  return line.length > maxLength ? line.slice(0, maxLength - 1) + '…' : line
}

/** To the second, in UTC. */
export function timeText (ms: number): string {
  return ms < 0 || !Number.isFinite(ms) || ms > MAX_DATE ? '-' : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

const MAX_DATE = 8.64e15

export function atText ({ at: { partition, offset } }: Pick<DeadLetter, 'at'>): string {
  return `${partition}:${offset}`
}

export function originText ({ origin }: DeadLetter): string {
  if (origin === undefined) return '-'
  return `${origin.topic}${origin.partition === undefined ? '' : `-${origin.partition}`}${origin.offset === undefined ? '' : `@${origin.offset}`}`
}

/** What has been done about it, in a word. */
export function replayText ({ replay, replayCount }: LedgerLetter): string {
  if (replay === 'sent') return 'replayed'
  if (replay === 'intended') return 'perhaps replayed'
  return replayCount === 0 ? '-' : `failed again (${replayCount})`
}

export const LIST_HEADINGS = ['AT', 'FAILED', 'CLASS', 'ERROR', 'NODE', 'FROM', 'KEY', 'REPLAY', 'MESSAGE'] as const

export function listRow (letter: LedgerLetter): string[] {
  return [
    atText(letter), timeText(timeOf(letter)), letter.errorClass, cell(errorOf(letter), 28), cell(letter.node?.slice(letter.node.lastIndexOf('.') + 1), 24), cell(originText(letter), 40),
    letter.key === null ? '-' : cell(bytesText(letter.key), 20), replayText(letter), cell(letter.message, 60)
  ]
}

/** Text where it is text, else the first bytes. */
export function bytesText (bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : `0x${bytes.toString('hex', 0, 16)}${bytes.length > 16 ? '…' : ''}`
}

/** A dead letter as JSON: bytes are text, or `{ base64 }` where they are none. */
export function letterAsJson ({ key, value, headers, failedAtMs, firstFailedAtMs, timestamp, replay, ...letter }: LedgerLetter): object {
  return {
    ...letter,
    replay: replay ?? null,
    failedAt: failedAtMs === undefined ? null : new Date(failedAtMs).toISOString(),
    firstFailedAt: firstFailedAtMs === undefined ? null : new Date(firstFailedAtMs).toISOString(),
    timestamp,
    key: jsonBytes(key),
    value: jsonBytes(value),
    headers: headers.map(([name, bytes]) => [name, jsonBytes(bytes)])
  }
}

function jsonBytes (bytes: Buffer | null): string | null | { readonly base64: string } {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}
