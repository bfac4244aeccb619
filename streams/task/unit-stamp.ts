import type { LogHeader, LogRecord } from '../log/log.ts'
import type { TaskId } from '../state/state.ts'

/**
 * Which attempt at which commit unit wrote an internal record. The numbers of units go up by one with each that is committed; a unit
 * that is run again keeps its number, and its attempts are counted from 0.
 */
export interface UnitStamp extends TaskId {
  readonly generation: string
  readonly epoch: number
  readonly unit: number
  readonly attempt: number
}

const UNIT_HEADER = 'millrace-unit'
/** Where a record of a sink comes from: the same however often its unit is run. */
export const SOURCE_HEADER = 'millrace-source'

const GENERATION_BYTES = 16
const FIXED_BYTES = GENERATION_BYTES + 6 + 6 + 4 + 4

/** Fixed fields first, then the sub-topology's name: some forty bytes and the name. */
export function unitHeader ({ generation, subTopology, partition, epoch, unit, attempt }: UnitStamp): LogHeader {
  const name = Buffer.from(subTopology)
  const value = Buffer.allocUnsafe(FIXED_BYTES + name.length)
  value.write(generation.replaceAll('-', ''), 'hex')
  let at = value.writeUIntBE(epoch, GENERATION_BYTES, 6)
  at = value.writeUIntBE(unit, at, 6)
  at = value.writeUInt32BE(attempt, at)
  at = value.writeUInt32BE(partition, at)
  name.copy(value, at)
  return [UNIT_HEADER, value]
}

/** The stamp's bytes, which are the same for all records of one task's unit; undefined where somebody else has written the record. */
export function stampOf ({ headers }: LogRecord): Buffer | undefined {
  const last = headers.at(-1)
  return last?.[0] === UNIT_HEADER && last[1] !== null && last[1].length >= FIXED_BYTES ? last[1] : undefined
}

export function readStamp (bytes: Buffer): UnitStamp {
  const hex = bytes.toString('hex', 0, GENERATION_BYTES)
  return {
    generation: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    epoch: bytes.readUIntBE(GENERATION_BYTES, 6),
    unit: bytes.readUIntBE(GENERATION_BYTES + 6, 6),
    attempt: bytes.readUInt32BE(GENERATION_BYTES + 12),
    partition: bytes.readUInt32BE(GENERATION_BYTES + 16),
    subTopology: bytes.toString('utf8', FIXED_BYTES)
  }
}

/** An internal record as the graph is to see it: without the headers that the engine put behind its own. */
export function withoutStamp (record: LogRecord): { readonly record: LogRecord, readonly origin: string | undefined } {
  if (stampOf(record) === undefined) return { record, origin: undefined }
  const source = record.headers.at(-2)
  const hasSource = source?.[0] === SOURCE_HEADER
  return { record: { ...record, headers: record.headers.slice(0, hasSource ? -2 : -1) }, origin: hasSource ? source[1]?.toString() : undefined }
}
