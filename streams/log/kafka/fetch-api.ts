import { createAPI, FetchIsolationLevels, fetchV13, fetchV14, fetchV15, fetchV16, fetchV17, type API, type Reader } from '@platformatic/kafka'
import { LogError } from '../log.ts'
import type { AbortedTransaction } from './isolation.ts'
import { Cursor } from './cursor.ts'

/** One partition of a fetch answer, its records not yet decoded. */
export interface FetchedPartition {
  readonly topicId: string
  readonly partition: number
  readonly errorCode: number
  /** The end as far as transactions are decided: nothing from here on can be read yet. */
  readonly lastStableOffset: number
  readonly abortedTransactions: readonly AbortedTransaction[]
  /** Whole batches, of which the last may be cut off. A view on the answer. */
  readonly batches: Buffer
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly partitions: readonly FetchedPartition[]
}

export type FetchApi = API<Parameters<typeof fetchV17.createRequest>, FetchAnswer>

/** Without a session: every question names all its partitions, so no partition can be left behind in one. */
export const noSession = { id: 0, epoch: -1 } as const
export const isolation = FetchIsolationLevels.READ_COMMITTED

const fetchKey = 1
// From 13 on topics are named by id, and the answers of all versions are alike up to fields at their end.
const requests = { 13: fetchV13.createRequest, 14: fetchV14.createRequest, 15: fetchV15.createRequest, 16: fetchV16.createRequest, 17: fetchV17.createRequest }

/** Fetch with a parser of our own: one bad partition does not hide the good ones, and no answer is decoded twice. */
export function fetchApi (version: number): FetchApi {
  const request = Object.entries(requests).find(([known]) => Number(known) === version)?.[1]
  if (request === undefined) throw new LogError('fatal', `The brokers speak Fetch only up to version ${version}; Kafka 3.1 or newer is needed.`)
  return createAPI(fetchKey, version, request, parseAnswer)
}

function parseAnswer (_correlationId: number, _apiKey: number, _version: number, reader: Reader): FetchAnswer {
  return readAnswer(new Cursor(reader.buffer.slice(reader.position)))
}

function readAnswer (cursor: Cursor): FetchAnswer {
  cursor.skip(4) // the throttle time, which the broker keeps itself
  const errorCode = cursor.int16()
  cursor.skip(4) // the session
  const partitions: FetchedPartition[] = []
  for (const _ of cursor.array()) {
    const topicId = cursor.uuid()
    for (const _ of cursor.array()) partitions.push(readPartition(cursor, topicId))
    cursor.skipTags()
  }
  return { errorCode, partitions }
}

function readPartition (cursor: Cursor, topicId: string): FetchedPartition {
  const partition = cursor.int32()
  const errorCode = cursor.int16()
  cursor.skip(8) // the high watermark: beyond the last stable offset nothing is ours to read
  const lastStableOffset = cursor.int64()
  cursor.skip(8) // the log start offset
  const abortedTransactions = readAborted(cursor)
  cursor.skip(4) // the preferred replica
  const batches = cursor.bytes(Math.max(0, cursor.unsignedVarint() - 1))
  cursor.skipTags()
  return { topicId, partition, errorCode, lastStableOffset, abortedTransactions, batches }
}

function readAborted (cursor: Cursor): readonly AbortedTransaction[] {
  const aborted: AbortedTransaction[] = []
  for (const _ of cursor.array()) {
    aborted.push({ producerId: cursor.int64(), firstOffset: cursor.int64() })
    cursor.skipTags()
  }
  return aborted
}
