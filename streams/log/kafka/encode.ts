import { crc32c } from '@platformatic/kafka'
import type { OutgoingRecord } from '../log.ts'

/** Who writes, and the number of the batch's first record in its partition: how a broker knows a repeated batch. */
export interface BatchIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly sequence: number
}

const headerBytes = 61
const crcOffset = 17
const attributesOffset = 21
/** What a record needs at most beside its key, value and headers: lengths, and the differences of time and offset. */
const recordOverhead = 32
const headerOverhead = 10

/** The most bytes this record takes in a batch. */
export function sizeOf ({ key, value, headers }: OutgoingRecord): number {
  let size = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) size += headerOverhead + Buffer.byteLength(name) + (content?.length ?? 0)
  return size
}

/** One record batch (format 2, uncompressed), written into one buffer: the client's encoder makes a dozen per record. */
export function encodeBatch (records: readonly OutgoingRecord[], identity: BatchIdentity, now: number): Buffer {
  const buffer = Buffer.allocUnsafe(records.reduce((size, record) => size + sizeOf(record), headerBytes))
  const baseTimestamp = records[0]?.timestamp ?? now
  let maxTimestamp = baseTimestamp
  let position = headerBytes
  for (const [offset, record] of records.entries()) {
    const timestamp = record.timestamp ?? now
    maxTimestamp = Math.max(maxTimestamp, timestamp)
    position = writeRecord(buffer, position, { record, offset, age: timestamp - baseTimestamp })
  }
  const batch = buffer.subarray(0, position)
  writeHeader(batch, { ...identity, count: records.length, baseTimestamp, maxTimestamp })
  return batch
}

interface BatchHeader extends BatchIdentity {
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

function writeHeader (batch: Buffer, { producerId, producerEpoch, sequence, count, baseTimestamp, maxTimestamp }: BatchHeader): void {
  batch.writeBigInt64BE(0n, 0) // base offset: the broker's to say
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12) // leader epoch: the broker's too
  batch.writeInt8(2, 16) // magic
  batch.writeInt16BE(0, attributesOffset)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27)
  batch.writeBigInt64BE(BigInt(maxTimestamp), 35)
  batch.writeBigInt64BE(producerId, 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(attributesOffset)), crcOffset)
}

interface PlacedRecord {
  readonly record: OutgoingRecord
  readonly offset: number
  readonly age: number
}

function writeRecord (buffer: Buffer, start: number, placed: PlacedRecord): number {
  // The length stands first and has a length of its own: leave one byte, and move the record if it needs more.
  const end = writeRecordBody(buffer, start + 1, placed)
  const length = end - start - 1
  const lengthBytes = varintSize(length)
  if (lengthBytes > 1) buffer.copyWithin(start + lengthBytes, start + 1, end)
  writeVarint(buffer, start, length)
  return start + lengthBytes + length
}

function writeRecordBody (buffer: Buffer, start: number, { record: { key, value, headers }, offset, age }: PlacedRecord): number {
  buffer[start] = 0 // attributes
  let position = writeVarint(buffer, start + 1, age)
  position = writeVarint(buffer, position, offset)
  position = writeBytes(buffer, position, key)
  position = writeBytes(buffer, position, value)
  position = writeVarint(buffer, position, headers.length)
  for (const [name, content] of headers) {
    position = writeVarint(buffer, position, Buffer.byteLength(name))
    position += buffer.write(name, position)
    position = writeBytes(buffer, position, content)
  }
  return position
}

function writeBytes (buffer: Buffer, position: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(buffer, position, -1)
  const start = writeVarint(buffer, position, bytes.length)
  return start + bytes.copy(buffer, start)
}

/** Zigzag in arithmetic: differences of time may need more than 32 bits. */
function writeVarint (buffer: Buffer, position: number, value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest >= 0x80) {
    buffer[position++] = rest % 0x80 + 0x80
    rest = Math.floor(rest / 0x80)
  }
  buffer[position] = rest
  return position + 1
}

function varintSize (value: number): number {
  let size = 1
  for (let rest = 2 * value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}
