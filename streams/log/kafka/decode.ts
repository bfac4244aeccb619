import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { LogError, type LogHeader, type LogRecord, type TopicPartition } from '../log.ts'
import { Cursor } from './cursor.ts'
import { AbortedFilter, type AbortedTransaction } from './isolation.ts'

const codecBits = 0x07
const logAppendTime = 0x08
const transactional = 0x10
const control = 0x20
const abortMarker = 0
/** Base offset and length, which a batch's length does not count. */
const prefixBytes = 12
const magicOffset = 16
const noHeaders: readonly LogHeader[] = []

export interface RecordsQuestion extends TopicPartition {
  readonly offset: number
  readonly abortedTransactions: readonly AbortedTransaction[]
  readonly batches: Buffer
}

export interface DecodedRecords {
  readonly records: LogRecord[]
  readonly nextOffset: number
}

/** What one batch says of all its records. */
interface BatchHeader {
  readonly baseOffset: number
  readonly attributes: number
  readonly lastOffset: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly count: number
}

/**
 * The records from the asked offset on, without control records and aborted transactions, and where to go on.
 * Keys and values are views on the answer: one that is kept keeps up to the whole answer, so copy what must stay.
 */
export function decodeRecords (question: RecordsQuestion): DecodedRecords {
  const filter = new AbortedFilter(question.abortedTransactions)
  const cursor = new Cursor(question.batches)
  const records: LogRecord[] = []
  let nextOffset = question.offset
  while (hasWholeBatch(cursor)) {
    const end = cursor.position + prefixBytes + cursor.buffer.readInt32BE(cursor.position + 8)
    const header = readHeader(cursor, question)
    // Asked of every batch, also of those before the offset: the filter counts on seeing all markers.
    if (isVisible(header, cursor, filter) && header.lastOffset >= question.offset) {
      readRecords(header, contentOf(header, cursor, end), { question, into: records })
    }
    // A compacted batch ends where it ended before records were taken out of it.
    nextOffset = Math.max(nextOffset, header.lastOffset + 1)
    cursor.position = end
  }
  return { records, nextOffset }
}

/** The broker cuts at the byte limit, in the middle of a batch if need be. */
function hasWholeBatch (cursor: Cursor): boolean {
  const left = cursor.buffer.length - cursor.position
  return left >= prefixBytes && left - prefixBytes >= cursor.buffer.readInt32BE(cursor.position + 8)
}

function readHeader (cursor: Cursor, { topic, partition }: TopicPartition): BatchHeader {
  const magic = cursor.buffer.readInt8(cursor.position + magicOffset)
  const baseOffset = cursor.int64()
  if (magic !== 2) throw new LogError('fatal', `Record format ${magic} of ${topic}/${partition} at offset ${baseOffset} is older than Kafka 0.11 and not read.`)
  cursor.skip(4 + 4 + 1 + 4) // length, leader epoch, magic, checksum
  const attributes = cursor.int16()
  const lastOffset = baseOffset + cursor.int32()
  const baseTimestamp = cursor.int64()
  const maxTimestamp = cursor.int64()
  const producerId = cursor.int64()
  cursor.skip(2 + 4) // producer epoch, first sequence
  return { baseOffset, attributes, lastOffset, baseTimestamp, maxTimestamp, producerId, count: cursor.int32() }
}

function isVisible (header: BatchHeader, cursor: Cursor, filter: AbortedFilter): boolean {
  if ((header.attributes & control) !== 0) {
    if (isAbortMarker(header, cursor)) filter.onAbortMarker(header)
    return false
  }
  return !filter.isAborted(header) || (header.attributes & transactional) === 0
}

function isAbortMarker ({ count }: BatchHeader, cursor: Cursor): boolean {
  if (count === 0) return false
  const record = new Cursor(cursor.buffer, cursor.position)
  record.varint() // length
  record.skip(1) // attributes
  record.varint() // timestamp
  record.varint() // offset
  const key = record.varintBytes()
  return key !== null && key.length >= 4 && key.readInt16BE(2) === abortMarker
}

function contentOf ({ attributes }: BatchHeader, cursor: Cursor, end: number): Cursor {
  const codec = attributes & codecBits
  if (codec === 0) return cursor
  const algorithm = compressionsAlgorithmsByBitmask[codec]
  if (algorithm === undefined) throw new LogError('fatal', `Compression ${codec} is not known.`)
  return new Cursor(algorithm.decompressSync(cursor.buffer.subarray(cursor.position, end)))
}

function readRecords (header: BatchHeader, content: Cursor, { question: { topic, partition, offset: wanted }, into }: { readonly question: RecordsQuestion, readonly into: LogRecord[] }): void {
  const { baseOffset, baseTimestamp, count } = header
  const brokerTime = (header.attributes & logAppendTime) !== 0 ? header.maxTimestamp : undefined
  for (let i = 0; i < count; i++) {
    const length = content.varint()
    const end = content.position + length
    content.position++ // attributes, unused
    const timestamp = brokerTime ?? baseTimestamp + content.varint()
    if (brokerTime !== undefined) content.varint()
    const offset = baseOffset + content.varint()
    // A batch comes whole, even when it is asked for from its middle on.
    if (offset >= wanted) {
      into.push({ topic, partition, offset, timestamp, key: content.varintBytes(), value: content.varintBytes(), headers: readHeaders(content) })
    }
    content.position = end
  }
}

function readHeaders (content: Cursor): readonly LogHeader[] {
  const count = content.varint()
  if (count <= 0) return noHeaders
  const headers: LogHeader[] = []
  for (let i = 0; i < count; i++) {
    headers.push([content.bytes(content.varint()).toString('utf8'), content.varintBytes()])
  }
  return headers
}
