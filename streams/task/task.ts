import { isCovered } from '../state/progress.ts'
import type { FetchedBatch, LogRecord, ReadPosition } from '../log/log.ts'
import type { CallWindow } from './calls/call-window.ts'
import { Rejected } from '../graph/contract.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import { sourceOf, topicRead } from '../graph/topic-names.ts'
import type { ParkedPlace, ParkedRow, State, TaskPosition } from '../state/state.ts'
import type { Failure, RecordItem } from './item.ts'
import { extractBy, type Extract } from './extraction.ts'
import { PartitionQueue } from './partition-queue.ts'
import { TaskTimes } from './task-times.ts'
import type { UnitGate } from './unit-gate.ts'

/** A position that moves on without a record: over transaction markers, aborted records, what compaction took out. */
export interface PassedOver {
  readonly task: Task
  readonly topic: string
  readonly from: number
  readonly nextOffset: number
}

/** One partition number over all input topics of a sub-topology: the unit of work, of order and of ownership. */
export class Task {
  readonly subTopology: SubTopology
  readonly partition: number
  readonly times = new TaskTimes()
  #position: TaskPosition
  /** How often the unit behind the position has written to internal topics and come to nothing. */
  #attempt = 0
  #hasAttempted = false
  readonly #queues: readonly PartitionQueue[]
  #taken = 0
  /** Of a sub-topology with nodes that wait for something outside. */
  calls: CallWindow | undefined
  /** What was parked when it was taken over. */
  readonly parked: readonly ParkedPlace[]
  /** Records that are not to be run, by topic and offset. */
  readonly #condemned: ReadonlyMap<string, Failure>

  constructor (
    subTopology: SubTopology, position: TaskPosition, topics: readonly string[], assignmentEpoch: number, condemned: readonly Condemned[] = [],
    gateOf: (topic: string) => UnitGate | undefined = () => undefined,
    parked: readonly ParkedPlace[] = []
  ) {
    this.parked = parked
    this.subTopology = subTopology
    this.#condemned = new Map(condemned.map(record => [`${record.topic}@${record.offset}`, failureOf(record)]))
    this.partition = position.partition
    this.#position = position
    this.#queues = topics.map(topic => new PartitionQueue(topic, position.partition, position.offsets[topic] ?? 0, assignmentEpoch, gateOf(topic), { extract: extractOf(subTopology, topic), partitionTime: position.streamTime, finished: position.finished[topic] ?? [] }))
  }

  get name (): string {
    return `${this.subTopology.name}/${this.partition}`
  }

  /** How many records it has taken. */
  get taken (): number {
    return this.#taken
  }

  /** Nothing is at hand, nor on the broker, as far as is known. */
  get isCaughtUp (): boolean {
    return this.#queues.every(queue => queue.length === 0 && !queue.mustWait())
  }

  /** As committed. */
  get position (): TaskPosition {
    return this.#position
  }

  set position (position: TaskPosition) {
    this.#position = position
    this.#attempt = 0
    this.#hasAttempted = false
  }

  /** The number of the attempt at the unit behind the position: what came of those below is in internal topics, and to be skipped there. */
  get attempt (): number {
    return this.#attempt
  }

  /** From now on something of this attempt may be in internal topics. */
  attempts (): void {
    this.#hasAttempted = true
  }

  /** The unit was not committed; true where its next attempt has another number. */
  undone (): boolean {
    const had = this.#hasAttempted
    if (had) this.#attempt++
    this.#hasAttempted = false
    return had
  }

  get queues (): readonly PartitionQueue[] {
    return this.#queues
  }

  /** Records of a topic between the committed position and the last known end; undefined before the first answer. */
  lagOf (topic: string): number | undefined {
    const end = this.#queues.find(queue => queue.topic === topic)?.endOffset ?? -1
    return end === -1 ? undefined : Math.max(0, end - (this.position.offsets[topic] ?? 0))
  }

  /** Age of the oldest record at hand that is not taken yet: 0 when nothing waits, undefined when what waits is still on the broker. */
  lagMsOf (topic: string, now: number): number | undefined {
    const queue = this.#queues.find(each => each.topic === topic)
    const head = queue?.peek()
    if (head !== undefined) return Math.max(0, now - head.timestamp)
    return this.lagOf(topic) === 0 ? 0 : undefined
  }

  wanted (): ReadPosition[] {
    return this.#queues.flatMap(queue => queue.wanted() ?? [])
  }

  skip (topic: string, from: number, to: number): boolean {
    return this.#queues.find(queue => queue.topic === topic)?.skip(from, to) ?? false
  }

  offer (batch: FetchedBatch): boolean {
    return this.#queues.find(({ topic }) => topic === batch.topic)?.offer(batch) ?? false
  }

  /** Topics of which nothing is at hand, and whose position is behind what was fetched: the log holds something there that it does not show. */
  passedOver (): PassedOver[] {
    return this.#queues.flatMap(({ topic, passed }) => {
      if (passed === undefined || isCovered({ offset: this.position.offsets[topic] ?? 0, beyond: this.position.finished[topic] ?? [] }, passed)) return []
      return [{ task: this, topic, from: passed[0], nextOffset: passed[1] }]
    })
  }

  /**
   * The record with the lowest timestamp among those at hand, as Kafka Streams chooses with `max.task.idle.ms` 0: it waits
   * for a partition that has more on the broker, and for nothing else. Between equal timestamps the first topic of the definition wins. Where calls
   * are made, one whose calls are answered.
   */
  take (): RecordItem | undefined {
    return this.calls === undefined ? this.takeNext() : this.calls.take()
  }

  /** The next record, whatever it waits for. */
  takeNext (): RecordItem | undefined {
    const taken = this.#lowest()?.take()
    if (taken === undefined) return undefined
    this.#taken++
    // A record that comes back in a topic of the engine's own is given its time anew.
    const { record, extraction = taken.tried && extractOf(this.subTopology, taken.record.topic)?.(taken.record, this.position.streamTime) } = taken
    return { ...taken, task: this, extraction, decoded: extraction?.decoded, acceptedBy: undefined, failure: this.#failureOf(record), rejectedAtMs: undefined }
  }

  /** A parked record, to be tried again. */
  released ({ record, origin, lane, seq, attempts, firstFailedAtMs, dueAtMs }: ParkedRow): RecordItem {
    const extraction = extractOf(this.subTopology, record.topic)?.(record, this.position.streamTime)
    return {
      task: this,
      record,
      nextOffset: record.offset + 1,
      readFrom: undefined,
      origin,
      extraction,
      decoded: extraction?.decoded,
      acceptedBy: undefined,
      failure: undefined,
      rejectedAtMs: undefined,
      tried: { attempts, firstFailedAtMs, dueAtMs },
      released: { lane, seq }
    }
  }

  /** What `take` would take. */
  head (): LogRecord | undefined {
    return this.calls === undefined ? this.#lowest()?.peek() : this.calls.head()?.record
  }

  /** How many records can be taken now, as far as is known. */
  get ready (): number {
    return this.calls?.ready ?? this.#queues.reduce((sum, { length }) => sum + length, 0)
  }

  /** When the next record that is held back is due; Infinity where none is. */
  get heldUntilMs (): number {
    return Math.min(Infinity, ...this.#queues.map(({ heldUntilMs = Infinity }) => heldUntilMs))
  }

  /** All that is at hand is not due, and there is no more of it on the broker. */
  isAllHeldAt (now: number): boolean {
    return this.heldUntilMs < Infinity && this.#queues.every(queue => queue.length === 0 ? !queue.mustWait() : (queue.heldUntilMs ?? 0) > now)
  }

  #lowest (): PartitionQueue | undefined {
    let lowest: PartitionQueue | undefined
    let lowestTimestamp = Infinity
    for (const queue of this.#queues) {
      const head = queue.peek()
      if (head === undefined) {
        if (queue.mustWait()) return undefined
      } else if (head.timestamp < lowestTimestamp) {
        lowest = queue
        lowestTimestamp = head.timestamp
      }
    }
    return lowest
  }

  #failureOf ({ topic, offset }: LogRecord): Failure | undefined {
    return this.#condemned.size === 0 ? undefined : this.#condemned.get(`${topic}@${offset}`)
  }
}

function extractOf ({ nodes }: SubTopology, topic: string): Extract | undefined {
  const source = sourceOf(nodes, topic)
  return source === undefined ? undefined : extractBy(source, topicRead(source, topic))
}

type Condemned = Awaited<ReturnType<State['condemned']>>[number]

/** The same bytes each time: what is known of it is what was written down. */
function failureOf ({ node, foundAtMs }: Condemned): Failure {
  const message = `Node '${node}' did not come back from this record; a watchdog ended the process.`
  return { rejected: new Rejected({ errorType: 'loop', message }), node, cause: undefined, failedAtMs: foundAtMs, condemned: true }
}
