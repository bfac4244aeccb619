import type { ConnectionPool, initProducerIdV4, produceV11 } from '@platformatic/kafka'
import { protocolErrorsCodesById } from '@platformatic/kafka'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError, type LogProducer, type OutgoingRecord } from '../log.ts'
import { partitionFor } from '../partitioner.ts'
import { backoffMs } from './backoff.ts'
import { retrying, type Cluster, type ClusterView } from './cluster.ts'
import { encodeBatch, sizeOf } from './encode.ts'
import { responseOf, toLogError } from './errors.ts'
import { produceApi, type EncodedBatch, type ProduceApi } from './produce-api.ts'

/** A partition's records of one request must stay below the broker's default of 1 MB, its own framing included. */
const maxBatchBytes = 900_000
const maxRequestBytes = 8_000_000
/** About seven seconds over what a moving cluster refuses; then the caller decides. */
const maxFailures = 9
const viewMaxAgeMs = 60_000
const maxSequence = 0x7fff_ffff

const retryable = new Set([
  'NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH', 'CORRUPT_MESSAGE', 'UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_LOAD_IN_PROGRESS', 'THROTTLING_QUOTA_EXCEEDED'
])

/** A record on its way, and its place in what `send` was given. */
interface Sending {
  readonly record: OutgoingRecord
  readonly index: number
}

/** What goes to one partition in one request. */
interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: Sending[]
  bytes: number
}

interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** By partition, the number of its next record. */
  readonly sequences: Map<string, number>
}

/** What became of one batch: nothing means acknowledged. */
interface Refusal {
  readonly batch: Batch
  readonly error: LogError
  readonly retry: boolean
}

/** An idempotent producer, acknowledged by all in-sync replicas; one request per broker in flight. */
export function openKafkaProducer (cluster: Cluster): LogProducer {
  const producer = new Producer(cluster)
  return { send: records => producer.send(records), close: () => producer.close() }
}

class Producer {
  readonly #cluster: Cluster
  readonly #pool: ConnectionPool
  #identity: ProducerIdentity | undefined
  #api: ProduceApi | undefined
  #view: ClusterView | undefined
  #viewAt = 0
  #keyless = 0
  /** By the send under way, as places in what it was given. */
  #acknowledged: number[] = []
  #isSending = false
  #isClosed = false

  constructor (cluster: Cluster) {
    this.#cluster = cluster
    this.#pool = cluster.openPool('produce')
  }

  async send (records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#isSending) throw new LogError('fatal', 'A producer takes one send at a time: wait for the last one.')
    this.#isSending = true
    this.#acknowledged = []
    try {
      await this.#send(records)
    } catch (error) {
      // Some batch may be in the log without our knowing. Under the old identity the broker would take the next one for its
      // repetition, and drop it.
      this.#identity = undefined
      const { kind, message, cause, recordIndex, topic } = toLogError(error, 'Producing')
      throw new LogError(kind, message, { cause, recordIndex, topic, acknowledged: this.#acknowledged.toSorted((a, b) => a - b) })
    } finally {
      this.#isSending = false
    }
  }

  async close (): Promise<void> {
    this.#isClosed = true
    await this.#pool.close()
  }

  async #send (records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return
    const view = await this.#viewOf(new Set(records.map(({ topic }) => topic)))
    this.#keyless++
    for (const batches of this.#requests(records, view)) await this.#deliver(batches)
  }

  /** Cuts the records into requests, in their order, so that no batch is too large for a broker's default. */
  * #requests (records: readonly OutgoingRecord[], view: ClusterView): Generator<readonly Batch[]> {
    let batches = new Map<string, Batch>()
    let total = 0
    for (const [index, record] of records.entries()) {
      const partition = this.#partitionOf(record, view)
      const key = keyOf({ topic: record.topic, partition })
      const bytes = sizeOf(record)
      if ((batches.get(key)?.bytes ?? 0) + bytes > maxBatchBytes || total + bytes > maxRequestBytes) {
        if (total > 0) yield [...batches.values()]
        batches = new Map()
        total = 0
      }
      const batch = batches.get(key) ?? { topic: record.topic, partition, records: [], bytes: 0 }
      batches.set(key, batch)
      batch.records.push({ record, index })
      batch.bytes += bytes
      total += bytes
    }
    if (total > 0) yield [...batches.values()]
  }

  #partitionOf ({ topic, partition: given, key }: OutgoingRecord, view: ClusterView): number {
    const count = view.topics.get(topic)?.leaders.length ?? 0
    const partition = typeof given === 'function' ? given(count) : given
    if (partition === undefined) return key === null ? this.#keyless % count : partitionFor(key, count)
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition
    throw new LogError('fatal', `Topic ${topic} has ${count} partitions, so there is no partition ${partition}.`)
  }

  /** Sends the batches until all are acknowledged, the refused ones again; in order, since a partition has one batch in flight. */
  async #deliver (batches: readonly Batch[]): Promise<void> {
    let open = batches
    for (let failures = 0; open.length > 0; failures++) {
      const refused = await this.#attempt(open)
      const hopeless = refused.filter(({ retry, error }) => !retry && error.kind !== 'data')[0]
      if (hopeless !== undefined) throw hopeless.error
      for (const { batch, error } of firstFirst(refused.filter(({ retry }) => !retry))) await this.#separate(batch, error)
      open = refused.filter(({ retry }) => retry).map(({ batch }) => batch)
      if (open.length === 0) return
      if (failures === maxFailures || this.#isClosed) throw refused[0]?.error ?? new LogError('outage', 'The producer was closed.')
      await sleep(backoffMs(failures))
      await this.#viewOf(new Set(open.map(({ topic }) => topic)), { refresh: true })
    }
  }

  /** A refused batch in halves, until the record is found that is to blame, or none is: a topic may take less at once than we sent. */
  async #separate (batch: Batch, error: LogError): Promise<void> {
    const [only] = batch.records
    if (batch.records.length === 1 && only !== undefined) {
      throw new LogError('data', `Record ${only.index}, for ${keyOf(batch)}, can never be sent: ${error.message}`, { cause: error, recordIndex: only.index })
    }
    const middle = batch.records.length >> 1
    for (const records of [batch.records.slice(0, middle), batch.records.slice(middle)]) {
      await this.#deliver([{ ...batch, records }])
    }
  }

  async #attempt (batches: readonly Batch[]): Promise<readonly Refusal[]> {
    const identity = await this.#identify()
    const byLeader = Map.groupBy(batches, ({ topic, partition }) => this.#view?.topics.get(topic)?.leaders[partition] ?? -1)
    const outcomes = await Promise.all([...byLeader].map(([leader, part]) => this.#produce(leader, part, identity)))
    return outcomes.flat()
  }

  async #produce (leader: number, batches: readonly Batch[], identity: ProducerIdentity): Promise<readonly Refusal[]> {
    const now = Date.now()
    try {
      const broker = this.#view?.brokers.get(leader)
      if (broker === undefined) throw new LogError('outage', `Nobody leads ${batches.map(keyOf).join(', ')} now.`)
      const connection = await this.#pool.get(broker)
      this.#api ??= produceApi((await this.#cluster.api('Produce')).version)
      const answer = await this.#api.async(connection, batches.map(batch => encode(batch, identity, now))).catch(answerOf)
      return batches.flatMap(batch => {
        const refusal = judge(batch, answer, identity)
        if (refusal !== undefined) return refusal
        for (const { index } of batch.records) this.#acknowledged.push(index)
        return []
      })
    } catch (error) {
      const known = toLogError(error, `Producing to broker ${leader}`)
      return batches.map(batch => ({ batch, error: known, retry: known.kind === 'outage' }))
    }
  }

  async #identify (): Promise<ProducerIdentity> {
    if (this.#identity !== undefined) return this.#identity
    const { producerId, producerEpoch } = await retrying('Getting a producer id', () =>
      this.#cluster.requestAny<[null, number, bigint, number], initProducerIdV4.InitProducerIdResponse>({ api: 'InitProducerId', args: [null, 60_000, -1n, -1] }))
    this.#identity = { producerId, producerEpoch, sequences: new Map() }
    return this.#identity
  }

  async #viewOf (topics: ReadonlySet<string>, { refresh = false } = {}): Promise<ClusterView> {
    const isFresh = Date.now() - this.#viewAt < viewMaxAgeMs
    if (this.#view !== undefined && isFresh && !refresh && [...topics].every(topic => this.#view?.topics.has(topic))) return this.#view
    const known = this.#view?.topics.keys() ?? []
    const view = await retrying('Looking up who leads the topics', () => this.#cluster.view([...topics.union(new Set(known))]))
    const missing = [...topics].filter(topic => !view.topics.has(topic))
    this.#view = view
    this.#viewAt = Date.now()
    if (missing.length > 0) throw new LogError('outage', `Topic ${missing.join(', ')} does not exist: create it, and what waits for it goes on.`, { ...missing.length === 1 && { topic: missing[0] ?? '' } })
    return view
  }
}

function encode (batch: Batch, { producerId, producerEpoch, sequences }: ProducerIdentity, now: number): EncodedBatch {
  const sequence = sequences.get(keyOf(batch)) ?? 0
  return { topic: batch.topic, partition: batch.partition, bytes: encodeBatch(batch.records.map(({ record }) => record), { producerId, producerEpoch, sequence }, now) }
}

/** The client rejects a call for one refused partition; what it was answered says more. */
function answerOf (error: unknown): produceV11.ProduceResponse {
  const answer = responseOf(error)
  if (answer === undefined) throw error
  // The response of a Produce request, whose partitions carry their errors themselves.
  return answer as produceV11.ProduceResponse
}

function judge (batch: Batch, { responses }: produceV11.ProduceResponse, { sequences }: ProducerIdentity): Refusal | undefined {
  const answer = responses.find(({ name }) => name === batch.topic)?.partitionResponses.find(({ index }) => index === batch.partition)
  const id = answer === undefined ? 'UNKNOWN_SERVER_ERROR' : protocolErrorsCodesById[answer.errorCode] ?? String(answer.errorCode)
  if (answer?.errorCode === 0 || id === 'DUPLICATE_SEQUENCE_NUMBER') {
    sequences.set(keyOf(batch), advance(sequences.get(keyOf(batch)) ?? 0, batch.records.length))
    return
  }
  const blamed = batch.records[answer?.recordErrors[0]?.batchIndex ?? -1]
  const error = toLogError({ apiId: id, message: answer?.errorMessage ?? 'the broker refused it' }, `Producing to ${keyOf(batch)}`, { topic: batch.topic, ...blamed !== undefined && { recordIndex: blamed.index } })
  // Records of the batch that the broker names need no search.
  if (error.kind === 'data' && blamed !== undefined) return { batch: { ...batch, records: [blamed] }, error, retry: false }
  return { batch, error, retry: retryable.has(id) }
}

/** Sequences start again at 0 after the largest, as the broker counts them. */
function advance (sequence: number, by: number): number {
  return sequence > maxSequence - by ? by - (maxSequence - sequence) - 1 : sequence + by
}

function firstFirst (refusals: readonly Refusal[]): readonly Refusal[] {
  return refusals.toSorted((a, b) => (a.batch.records[0]?.index ?? 0) - (b.batch.records[0]?.index ?? 0))
}

function keyOf ({ topic, partition }: { readonly topic: string, readonly partition: number }): string {
  return `${topic}/${partition}`
}
