import { createReadStream } from 'node:fs'

export type EventKind = 'impression' | 'watch' | 'event'

/** A record to be produced; `topic` is the logical name. */
export interface InputEvent {
  readonly topic: EventKind
  readonly key: string | null
  readonly value: Buffer | null
  readonly timestamp: number
}

export interface EventFileSettings {
  /** What the topics are called in Kafka, so that a line may name them by either name. */
  readonly topics: Readonly<Record<EventKind, string>>
  readonly now: () => number
}

/** Where a file of one endless line is given up, before it fills the memory. */
const MAX_LINE_BYTES = 16 * 1024 * 1024

const NEWLINE = 0x0a

/**
 * The events of a file of newline-delimited JSON, in its order, holding one line in memory.
 * A line is an event as it is on the wire, or `{ topic?, key?, value, timestamp? }`. What is neither goes on as a
 * watch with the line's bytes, so that the dead-letter topic gets it. Read twice: the same events again.
 */
export function readEventFile (path: string, settings: EventFileSettings): AsyncGenerator<InputEvent, void, void> {
  return readEvents(createReadStream(path), { ...settings, name: path })
}

/** The same, from a stream of bytes, such as standard input. */
export async function * readEvents (
  chunks: AsyncIterable<Buffer>, settings: EventFileSettings & { readonly name: string }
): AsyncGenerator<InputEvent, void, void> {
  for await (const line of splitLines(chunks, settings.name)) {
    if (!isBlank(line)) yield readLine(line, settings)
  }
}

/** One line of the file as a record. */
export function readLine (line: Buffer, { topics, now }: EventFileSettings): InputEvent {
  const content = parseOrUndefined(line)
  if (!isObject(content)) return { topic: 'watch', key: null, value: line, timestamp: now() }
  if (!isEnvelope(content)) return { ...describe(content, now), value: line }

  const topic = content.topic ?? undefined
  const kind = topic === undefined ? undefined : kindOf(topic, topics)
  // An envelope for a topic we do not have: its line is dead-lettered as a watch, where its sender can find it.
  if (topic !== undefined && kind === undefined) return { topic: 'watch', key: null, value: line, timestamp: now() }

  const described = describe(contentOf(content.value), now)
  return {
    topic: kind ?? described.topic,
    key: content.key === undefined ? described.key : readKey(content.key),
    value: bytesOf(content.value),
    timestamp: isTime(content.timestamp) ? content.timestamp : described.timestamp
  }
}

/** Lines without their ends (LF or CRLF); bytes, because text would mend broken UTF-8 on the way. */
async function * splitLines (chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void, void> {
  let parts: Buffer[] = []
  let size = 0
  let lineNumber = 1

  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end))
      yield trimEnds(Buffer.concat(parts), lineNumber)
      parts = []
      size = 0
      lineNumber++
      start = end + 1
    }
    const rest = chunk.subarray(start)
    parts.push(rest)
    size += rest.length
    if (size > MAX_LINE_BYTES) throw new Error(`${name}, line ${lineNumber}: longer than ${MAX_LINE_BYTES} bytes; events are expected one per line.`)
  }
  yield trimEnds(Buffer.concat(parts), lineNumber)
}

/** Without the CR of a CRLF, and without the byte order mark that some editors put at a file's beginning. */
function trimEnds (line: Buffer, lineNumber: number): Buffer {
  const start = lineNumber === 1 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0
  const end = line.at(-1) === 0x0d ? line.length - 1 : line.length
  return line.subarray(start, end)
}

function isBlank (line: Buffer): boolean {
  return line.every(byte => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

type JsonObject = Readonly<Record<string, unknown>>

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseOrUndefined (bytes: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

function isObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An event with a field `value` is an event with an unknown field, and must be dead-lettered as one. */
function isEnvelope (content: JsonObject): boolean {
  return Object.hasOwn(content, 'value') && !Object.hasOwn(content, 'event_id') && !Object.hasOwn(content, 'user_id')
}

function kindOf (topic: unknown, topics: EventFileSettings['topics']): EventKind | undefined {
  const kinds: readonly EventKind[] = ['impression', 'watch', 'event']
  return kinds.find(kind => topic === topics[kind]) ?? kinds.find(kind => topic === kind)
}

/** What an event says of itself: its kind, its user and its time. */
function describe (content: unknown, now: () => number): { readonly topic: EventKind, readonly key: string | null, readonly timestamp: number } {
  if (!isObject(content)) return { topic: 'watch', key: null, timestamp: now() }
  return {
    topic: guessKind(content),
    key: typeof content.user_id === 'string' ? content.user_id : null,
    timestamp: ownTime(content) ?? now()
  }
}

function guessKind (content: JsonObject): EventKind {
  if (Object.hasOwn(content, 'items')) return 'impression'
  if (Object.hasOwn(content, 'item_id') && Object.hasOwn(content, 'ts')) return 'event'
  return 'watch'
}

/** In milliseconds; a time below 10^12 is in seconds. */
function ownTime (content: JsonObject): number | undefined {
  const time = content.ts_ms ?? content.ts
  if (!isTime(time)) return undefined
  return time < 10 ** 12 ? time * 1000 : time
}

function isTime (value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function readKey (key: unknown): string | null {
  if (key === null) return null
  return typeof key === 'string' ? key : JSON.stringify(key)
}

function contentOf (value: unknown): unknown {
  return typeof value === 'string' ? parseOrUndefined(Buffer.from(value)) : value
}

function bytesOf (value: unknown): Buffer | null {
  if (value === null) return null
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}
