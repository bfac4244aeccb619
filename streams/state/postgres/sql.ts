import { messageOf } from '../../errors.ts'
import type { Column, ColumnType } from '../../stores/columns.ts'
import { StateError } from '../state.ts'

export function quote (identifier: string): string {
  return '"' + identifier.replaceAll('"', '""') + '"'
}

/** A column as text that `parseColumn` reads back: no type of the driver's, no time zone of the session's. */
export function selectExpression (name: string, { type }: Column): string {
  if (type === 'timestamptz') return `(extract(epoch from ${quote(name)}) * 1000)::bigint`
  if (type === 'jsonb') return `${quote(name)}::text`
  return quote(name)
}

export function parseColumn ({ type }: Column, text: string | null): string | number | boolean | null {
  if (text === null) return null
  switch (type) {
    case 'text': case 'jsonb': return text
    case 'boolean': return text === 't'
    case 'bigint': case 'integer': case 'double precision': case 'timestamptz': return Number(text)
  }
}

/** Bytes are for stores whose table the engine makes; a string of them has one byte per character. */
type ArrayType = ColumnType | 'bytea'

export type Element = string | number | boolean | Buffer | null

const OIDS: Readonly<Record<ArrayType, number>> = {
  text: 25, bigint: 20, integer: 23, 'double precision': 701, boolean: 16, jsonb: 3802, timestamptz: 1184, bytea: 17
}

/**
 * A query with a row for each place of parallel arrays, the parameters from `$1` on. In a select list Postgres takes the arrays
 * apart row by row; `unnest` in `from` first writes every array whole into a store of its own.
 */
export function rowsOf (types: readonly string[], names: readonly string[] = []): string {
  return `select ${types.map((type, index) => `unnest($${index + 1}::${type}[])${names[index] === undefined ? '' : ` as ${names[index]}`}`).join(', ')}`
}

/** 2000-01-01 in milliseconds: Postgres counts timestamps from there. */
const POSTGRES_EPOCH_MS = 946_684_800_000

/**
 * A one-dimensional array in Postgres' binary format, for `unnest($1::<type>[])`. Text arrays cost the server and the
 * driver several times as much: every value quoted, scanned and parsed. A value that its type cannot hold is bad data.
 */
export function encodeArray (type: ArrayType, values: readonly Element[]): Buffer {
  try {
    return type === 'text' ? encodeTexts(values) : encodeOneByOne(type, values)
  } catch (error) {
    throw new StateError('data', `A value is no ${type}: ${messageOf(error)}`, error)
  }
}

/** Where the length of a text comes. */
const LENGTH = '\0\0\0\0'

/** All texts are written in one go, with room for their lengths between them: a call for each costs several times as much. */
function encodeTexts (values: readonly Element[]): Buffer {
  const joined = values.length === 0 ? '' : LENGTH + values.join(LENGTH)
  // As UTF-8 it would become another text, under which nobody finds it again. Halves that stand at two ends are parted by a length.
  if (!joined.isWellFormed()) throw new RangeError('it holds a lone surrogate')
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + MOST_BYTES_PER_UNIT * joined.length)
  const size = buffer.write(joined, HEADER_BYTES, 'utf8')
  const isAscii = size === joined.length
  writeHeader(buffer, 'text', values.length)
  let at = HEADER_BYTES
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? null
    const text = typeof value === 'string' ? value : value === null ? '' : String(value)
    const length = isAscii ? text.length : Buffer.byteLength(text, 'utf8')
    buffer.writeInt32BE(value === null ? -1 : length, at)
    at += 4 + length
  }
  return buffer.subarray(0, at)
}

type OneByOne = Exclude<ArrayType, 'text'>

function encodeOneByOne (type: OneByOne, values: readonly Element[]): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + sizeOf(type, values))
  writeHeader(buffer, type, values.length)
  let at = HEADER_BYTES
  // By index, here and below: an iterator costs as much as the element.
  for (let index = 0; index < values.length; index++) at = writeElement(buffer, at, type, values[index] ?? null)
  return buffer.subarray(0, at)
}

function writeHeader (buffer: Buffer, type: ArrayType, length: number): void {
  buffer.writeInt32BE(1, 0)
  buffer.writeInt32BE(1, 4)
  buffer.writeInt32BE(OIDS[type], 8)
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16)
}

const HEADER_BYTES = 20

/** Of UTF-8, for each unit of UTF-16. */
const MOST_BYTES_PER_UNIT = 3

/** An upper bound. */
function sizeOf (type: OneByOne, values: readonly Element[]): number {
  let size = values.length * 12
  if (type !== 'jsonb' && type !== 'bytea') return size
  const bytes = type === 'bytea' ? 1 : MOST_BYTES_PER_UNIT
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value === 'string' || Buffer.isBuffer(value)) size += value.length * bytes + 1
  }
  return size
}

function writeElement (buffer: Buffer, at: number, type: OneByOne, value: Element): number {
  if (value === null) return buffer.writeInt32BE(-1, at)
  switch (type) {
    case 'jsonb': return writeJson(buffer, at, String(value))
    case 'bytea':
      return writeBytes(buffer, at, value)
    case 'boolean':
      buffer.writeInt32BE(1, at)
      buffer[at + 4] = value === true ? 1 : 0
      return at + 5
    case 'integer':
      buffer.writeInt32BE(4, at)
      return buffer.writeInt32BE(Number(value), at + 4)
    case 'double precision':
      buffer.writeInt32BE(8, at)
      // Minus zero becomes zero.
      return buffer.writeDoubleBE(Number(value) + 0, at + 4)
    case 'bigint':
      buffer.writeInt32BE(8, at)
      return writeInt64(buffer, at + 4, Number(value))
    case 'timestamptz':
      buffer.writeInt32BE(8, at)
      return writeMicroseconds(buffer, at + 4, Number(value) - POSTGRES_EPOCH_MS)
  }
}

function writeBytes (buffer: Buffer, at: number, value: Exclude<Element, null>): number {
  if (!Buffer.isBuffer(value) && (typeof value !== 'string' || NOT_BYTES.test(value))) throw new RangeError('it holds a character that is no byte')
  buffer.writeInt32BE(value.length, at)
  if (typeof value === 'string') buffer.write(value, at + 4, 'latin1')
  else value.copy(buffer, at + 4)
  return at + 4 + value.length
}

const NOT_BYTES = /[^\0-\xff]/

function writeJson (buffer: Buffer, at: number, json: string): number {
  if (!json.isWellFormed()) throw new RangeError('it holds a lone surrogate')
  buffer[at + 4] = 1
  const end = at + 5 + buffer.write(json, at + 5, 'utf8')
  buffer.writeInt32BE(end - at - 4, at)
  return end
}

/** Two halves instead of a BigInt: this runs once per number written. */
function writeInt64 (buffer: Buffer, at: number, value: number): number {
  if (Number.isNaN(value)) throw new RangeError('it is not a number')
  const high = Math.floor(value / 0x1_0000_0000)
  buffer.writeInt32BE(high, at)
  return buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}

/** Microseconds since 2000 pass 2^53 only after the year 2285; times beyond go the slow way. */
function writeMicroseconds (buffer: Buffer, at: number, milliseconds: number): number {
  const microseconds = milliseconds * 1000
  if (Number.isSafeInteger(microseconds)) return writeInt64(buffer, at, microseconds)
  return buffer.writeBigInt64BE(BigInt(Math.trunc(milliseconds)) * 1000n, at)
}

/** From Postgres' text: \x and digits. */
export function bytesOf (text: string | null | undefined): Buffer {
  return Buffer.from((text ?? '').slice(2), 'hex')
}
