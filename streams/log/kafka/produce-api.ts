import { createAPI, produceV10, produceV11, produceV9, Writer, type API } from '@platformatic/kafka'
import { LogError, type TopicPartition } from '../log.ts'

/** A partition's batch, encoded. */
export interface EncodedBatch extends TopicPartition {
  readonly bytes: Buffer
}

export type ProduceApi = API<[batches: readonly EncodedBatch[]], produceV11.ProduceResponse>

const produceKey = 0
const allInSyncReplicas = -1
/** How long the leader waits for the replicas before it says that it does not know. */
const replicasTimeoutMs = 10_000
const responses = { 9: produceV9.parseResponse, 10: produceV10.parseResponse, 11: produceV11.parseResponse }

/** Produce with batches of our own encoding. */
export function produceApi (version: number): ProduceApi {
  const parse = Object.entries(responses).find(([known]) => Number(known) === version)?.[1]
  if (parse === undefined) throw new LogError('fatal', `The brokers speak Produce only up to version ${version}; Kafka 3.1 or newer is needed.`)
  return createAPI(produceKey, version, createRequest, parse)
}

function createRequest (batches: readonly EncodedBatch[]): Writer {
  return Writer.create()
    .appendString(null) // no transaction
    .appendInt16(allInSyncReplicas)
    .appendInt32(replicasTimeoutMs)
    .appendArray([...Map.groupBy(batches, ({ topic }) => topic)], (writer, [topic, parts]) => {
      writer.appendString(topic).appendArray(parts, (writer, { partition, bytes }) => {
        writer.appendInt32(partition).appendUnsignedVarInt(bytes.length + 1).append(bytes)
      })
    })
    .appendTaggedFields()
}
