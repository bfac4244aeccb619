import { defaultFamilies, type HeaderFamilies } from '../dead-letters/headers.ts'
import type { ChosenPartition, Execution, PunctuationOptions, TaskTime } from '../graph/execution.ts'
import { Rejected } from '../graph/contract.ts'
import { deadLetterPlaceOf, placeOf, type DeadLetterPlace } from '../graph/dead-letter-place.ts'
import type { GlobalSource } from '../graph/global-table.ts'
import type { Node } from '../graph/node.ts'
import type { GlobalTableCopy } from '../graph/operators/global-table.ts'
import type { Forward, StreamRecord } from '../graph/record.ts'
import type { Topic } from '../graph/topic.ts'
import { internalTopicsOf, sourceOf, topicName, topicRead } from '../graph/topic-names.ts'
import type { Topology } from '../graph/topology.ts'
import { NEVER, type Timer } from '../graph/timer.ts'
import { FatalError, messageOf } from '../errors.ts'
import type { LogRecord, OutgoingRecord } from '../log/log.ts'
import { partitionFor } from '../log/partitioner.ts'
import { SchemaNotLoaded } from '../serdes/schema-not-loaded.ts'
import type { Store, WriterOf } from '../stores/store.ts'
import type { CallFailure } from '../graph/async-processor.ts'
import type { CallOutcome } from '../graph/calls.ts'
import { deadLetter } from './dead-letter.ts'
import { deadlineAfter } from './deadline.ts'
import { decode } from './decode.ts'
import { timestampOf, type Failure, type Item, type RecordItem, type TimeItem } from './item.ts'
import type { GlobalTables } from './global-tables.ts'
import { Pulse } from './pulse.ts'
import { StoreStates } from './stores/store-states.ts'
import { Suspended } from './stores/store-state.ts'
import { Timers } from './timers.ts'
import type { PassedOver, Task } from './task.ts'
import { TaskTimes } from './task-times.ts'
import { originOf } from './origin.ts'
import { watchedSource } from './watched-source.ts'
import type { Tracing } from './tracing/tracing.ts'
import { SOURCE_HEADER } from './unit-stamp.ts'

/** A record to be written by the unit, and what it comes from. */
export interface Emission {
  readonly item: Item
  readonly record: OutgoingRecord
  readonly isDeadLetter: boolean
  /** To an internal topic: the committer adds the number of the attempt. */
  readonly isInternal?: boolean
}

/** A call that a node has to make before the record can be run. */
export interface WantedCall {
  readonly node: Node
  readonly record: StreamRecord
  /** Which of the record's calls it is, in the order in which the graph asks for them. */
  readonly index: number
}

export interface Drop {
  readonly node: Node
  readonly reason: string
  /** undefined: nothing but time has led to it. */
  readonly record: LogRecord | undefined
}

/** All that a unit's records did, beside the stores. */
export interface Unit {
  readonly items: readonly Item[]
  /** Positions that move on with the unit, beside those behind its items. */
  readonly passed: readonly PassedOver[]
  readonly emissions: readonly Emission[]
  readonly drops: readonly Drop[]
  readonly effects: readonly (() => void)[]
  /** Of the tasks that have any: as the unit leaves them. */
  readonly times: ReadonlyMap<Task, Readonly<Record<string, number>>>
  /** Indexes of the nodes that records reached, and, `OUT` higher, of those that handed them on; once each time. */
  readonly trace: readonly number[]
}

type RecordHooks = Parameters<Execution['whenRecordDone']>[0]

/** Tells what a node handed on from what reached it; no topology has so many nodes. */
export const OUT = 1_000_000

export interface UnitRunnerOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly stores: StoreStates
  readonly now: () => number
  readonly maxRecordBytes: number
  /** Of the headers of dead letters; left out: the default ones. */
  readonly headerFamilies?: HeaderFamilies
  /** This process' copies of global tables, by store. */
  readonly globals?: GlobalTables
  /** For a watchdog; left out: nobody looks. */
  readonly pulse?: Pulse
  /** undefined: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** How much there was of each. */
interface Marks {
  readonly journal: number
  readonly emissions: number
  readonly drops: number
  readonly effects: number
  readonly trace: number
}

/** They take a few milliseconds: for so long nothing else of the process is done. */
export const RECORDS_AT_A_TIME = 128

/** With less, a dead letter no longer says what it is about. */
const LEAST_DEAD_LETTER_BYTES = 1_024

/** Runs records through the graph, one after the other, and collects what they did. A record that fails is undone alone. */
export class UnitRunner implements Execution {
  readonly #topology: Topology
  readonly #applicationId: string
  readonly #stores: StoreStates
  readonly #now: () => number
  /** By topic on the cluster; those that patterns match come with their first record. */
  readonly #entries: Map<string, Entry>
  readonly #inputs: ReadonlyMap<Node, Input>
  /** Of internal topics, on the cluster. */
  readonly #names: ReadonlyMap<Topic, string>
  readonly #maxRecordBytes: number
  readonly #families: HeaderFamilies
  readonly #pulse: Pulse
  readonly #tracing: Tracing | undefined
  readonly timers = new Timers()
  readonly #globals: GlobalTables
  #item: Item | undefined
  /** A node does what is due by time, be it behind a record. */
  #isByTime = false
  /** Of the item's task. */
  #times = new TaskTimes()
  readonly #timeNames: string[] = []
  /** How often units were undone. */
  #undone = 0
  #node: Node | undefined
  #awaited: SchemaNotLoaded | undefined
  #emissionIndex = 0
  /** How many calls the record has asked for, and those of them that are not answered. */
  #callIndex = 0
  #wanted: WantedCall[] = []
  #items: Item[] = []
  #emissions: Emission[] = []
  #drops: Drop[] = []
  #effects: (() => void)[] = []
  readonly #hooks: RecordHooks[] = []
  #trace: number[] = []
  /** How much there was of each when the record began. */
  #marks: Marks = { journal: 0, emissions: 0, drops: 0, effects: 0, trace: 0 }
  /** Where each of the records began that were walked, as far as they may stand, and the first that may not. */
  #walked: { readonly marks: readonly Marks[], readonly standing: number } = { marks: [], standing: 0 }

  constructor ({ topology, applicationId, stores, now, maxRecordBytes, headerFamilies = defaultFamilies, globals = new Map(), pulse = new Pulse(), tracing }: UnitRunnerOptions) {
    this.#topology = topology
    this.#applicationId = applicationId
    this.#stores = stores
    this.#now = now
    this.#maxRecordBytes = maxRecordBytes
    this.#families = headerFamilies
    this.#pulse = pulse
    this.#tracing = tracing
    this.#globals = globals
    this.#names = new Map(internalTopicsOf(topology).map(topic => [topic, topicName(topic, applicationId)]))
    this.#inputs = new Map(topology.sources.map(({ node, open, routesRejects }) => [node, { node, forward: open(this), routesRejects, deadLetters: deadLetterPlaceOf(topology, node) }]))
    const named = [...this.#inputs.values()].flatMap(input => input.node.topics.map(topic => ({ ...input, topic })))
    this.#entries = new Map(named.map((entry, source) => [topicName(entry.topic, applicationId), { ...entry, source }]))
  }

  /** Processes one record. False: its state is not at hand, and nothing of it happened. */
  run (item: Item): boolean {
    if (!this.#attempt(item)) return false
    if (this.#tracing !== undefined) this.#traceRun(item)
    this.#items.push(item)
    return true
  }

  /** Runs a record to see what it does, and undoes it. False: its state is not at hand. */
  rehearse (item: Item): boolean {
    if (!this.#attempt(item)) return false
    this.#undoToMark()
    return true
  }

  /** The calls that a record waits for; none: it can be run, or is waiting for something else. */
  callsOf (item: Item): readonly WantedCall[] {
    this.rehearse(item)
    return this.#wanted
  }

  #attempt (item: Item): boolean {
    this.#begin(item)
    this.#wanted = []
    this.#awaited = undefined
    try {
      this.#process(item)
    } catch (error) {
      this.#undoToMark()
      // An absence that nothing has proved may be what it failed for.
      this.#stores.endRecord()
      if (this.#stores.mode.missed || error instanceof Suspended) return false
      if (error instanceof SchemaNotLoaded) {
        this.#awaited = error
        return false
      }
      // Whoever throws it says that nobody can go on, whatever becomes of the record.
      if (error instanceof FatalError) throw error
      this.#fail(item, 'processor', error)
      this.#begin(item)
      this.#wanted = []
      this.#process(item)
    }
    this.#stores.endRecord()
    if (this.#stores.mode.missed || this.#wanted.length > 0) {
      this.#undoToMark()
      return false
    }
    return true
  }

  /**
   * Walks records, each behind the ones before it, as if the state that is missing were not there, and so learns all that they ask for.
   * When that is read, `keep` is told how many were walked rightly; no record is run in between. `rest` is called between every few records.
   */
  async guess (items: readonly Item[], rest: () => Promise<void>): Promise<void> {
    const { mode, journal } = this.#stores
    journal.forget()
    const marks: Marks[] = []
    const { keepsGuesses } = this
    let standing = keepsGuesses ? items.length : 0
    for (const [index, item] of items.entries()) {
      // Where none can stand others may run records at any time, so all is undone before anybody's turn comes.
      if (keepsGuesses && index % RECORDS_AT_A_TIME === 0) await rest()
      mode.speculating = true
      mode.walking = index
      this.#mark()
      if (index <= standing) marks.push(this.#marks)
      const isWhole = item.failure === undefined && this.#walk(item)
      if (!isWhole) standing = Math.min(standing, index)
      mode.speculating = false
    }
    mode.walking = 0
    this.#walked = { marks, standing }
    if (standing === 0) this.#undoTo(marks[0])
  }

  /** False: what it did says nothing of what it would do, or is not all. */
  #walk (item: Item): boolean {
    this.#enter(item)
    this.#wanted = []
    try {
      this.#process(item)
      this.#stores.endRecord()
      return this.#wanted.length === 0
    } catch {
      // A guess may have led it astray; the real run decides whether the record is bad.
      return false
    }
  }

  /** Lets the first of the records that were walked stand as they are, at most so many, and undoes the others. Answers with how many stand. */
  keep (items: readonly Item[], atMost: number): number {
    const { marks, standing } = this.#walked
    const count = Math.min(standing, atMost)
    this.#walked = { marks: [], standing: 0 }
    if (standing > 0) this.#undoTo(marks[count])
    this.#items.push(...items.slice(0, count))
    return count
  }

  /** Whether a record may stand that was run on guesses which turned out right. While calls are looked for others run records at any time. */
  protected get keepsGuesses (): boolean {
    return this.#tracing === undefined && this.#topology.nodes.every(({ calls }) => calls === undefined)
  }

  /** Why the last record could not be run, where it was not for the state: its schema is not here yet. */
  get awaited (): SchemaNotLoaded | undefined {
    return this.#awaited
  }

  /** The node whose code ran last. */
  get node (): string | undefined {
    return this.#node?.name
  }

  /** Takes what was collected since the last unit. */
  close (passed: readonly PassedOver[] = []): Unit {
    // Kept until the commit they would outlive the young generation, which costs more than decoding again where the unit is run again.
    for (const item of this.#items) if (item.record !== undefined) item.decoded = item.extraction?.decoded
    const unit = {
      items: this.#items, passed, emissions: this.#emissions, drops: this.#drops, effects: this.#effects, times: this.#timesAfter(this.#items), trace: this.#trace
    }
    this.#clear()
    return unit
  }

  /** The units prepared and in flight are undone. */
  discard (): void {
    this.#undone++
    this.#clear()
  }

  #clear (): void {
    this.#items = []
    this.#emissions = []
    this.#drops = []
    this.#effects = []
    this.#trace = []
  }

  /** Marks a record to be dead-lettered from now on. Without a place for dead letters the topology has to stop. */
  fail (item: Item, errorType: string, error: unknown): void {
    this.#node = undefined
    this.#item = item
    this.#fail(item, errorType, error)
  }

  /** The record's dead letter was too large for its topic: cut it shorter from now on. False where there is nothing left to cut. */
  shrinkDeadLetter (item: Item): boolean {
    if (item.record === undefined) return false
    const { maxDeadLetterBytes = this.#maxRecordBytes } = item
    if (maxDeadLetterBytes <= LEAST_DEAD_LETTER_BYTES) return false
    item.maxDeadLetterBytes = Math.max(LEAST_DEAD_LETTER_BYTES, Math.floor(maxDeadLetterBytes / 4))
    return true
  }

  current (): LogRecord | undefined {
    if (this.#item === undefined) throw new TypeError('There is no record being processed.')
    return this.#isByTime ? undefined : this.#item.record
  }

  enter (node: Node): Node | undefined {
    const previous = this.#node
    this.#node = node
    this.#pulse.enter(node.index)
    this.#trace.push(node.index)
    return previous
  }

  leave (previous: Node | undefined): void {
    this.#node = previous
    if (previous !== undefined) this.#pulse.enter(previous.index)
  }

  wasAccepted (node: Node): boolean {
    return this.#item?.record !== undefined && !this.#isByTime && this.#item.acceptedBy === node
  }

  accepted (node: Node): void {
    if (this.#item?.record !== undefined && !this.#isByTime) this.#item.acceptedBy = node
  }

  forwarded (node: Node, _record: StreamRecord): void {
    this.#trace.push(node.index + OUT)
  }

  emit (sink: Node, record: StreamRecord, given?: ChosenPartition, topic = sink.topic): void {
    if (topic === undefined || this.#item === undefined) return
    const partition = given ?? partitionOfInnerKey(topic.key, record.key)
    this.#push({
      topic: this.#nameOf(topic),
      ...(partition === undefined ? {} : { partition }),
      key: record.key === null || record.key === undefined ? null : topic.key.encode(record.key),
      value: record.value === null || record.value === undefined ? null : topic.value.encode(record.value),
      headers: record.headers,
      ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp })
    }, this.#item, { isDeadLetter: false, isInternal: topic.internal })
  }

  deadLetter (sink: Node, rejected: Rejected): void {
    if (this.#item === undefined) return
    const item = this.#item
    if (item.record === undefined || this.#isByTime) throw new TypeError(`a value that was made by time is turned away: ${rejected.message}`)
    // Kept, so that a second run writes the same bytes.
    item.rejectedAtMs ??= this.#now()
    const place = placeOf(this.#topology, sink)
    if (place === undefined) return
    this.#writeDeadLetter(place, item, { rejected, node: validationBefore(sink)?.name ?? sink.name, cause: undefined, failedAtMs: item.rejectedAtMs })
  }

  drop (node: Node, reason: string): void {
    this.#drops.push({ node, reason, record: this.#item?.record })
  }

  call (node: Node, record: StreamRecord): CallOutcome | undefined {
    if (this.#item?.record === undefined || this.#isByTime) throw new TypeError(`what is made by time came to node '${node.name}', which waits for something outside`)
    const index = this.#callIndex++
    const outcome = this.#item.calls?.[index]
    if (outcome === undefined) this.#wanted.push({ node, record, index })
    return outcome
  }

  giveUp (node: Node, { error, reason, attempts, firstFailedAtMs, failedAtMs }: CallFailure): void {
    const item = this.#item
    if (item?.record === undefined) return
    const { deadLetters } = this.#entry(item.record.topic)
    if (deadLetters === undefined) throw this.#noPlaceFor(item.record, node.name, error)
    if (deadLetters.node !== undefined) this.#trace.push(deadLetters.node.index)
    const errorType = reason === 'poison' ? 'processor' : reason
    const rejected = new Rejected({ errorType, message: `Node '${node.name}': ${messageOf(error)}` })
    this.#writeDeadLetter(deadLetters, item, {
      rejected, node: node.name, cause: error, failedAtMs, attempts, firstFailedAtMs, errorClass: reason === 'poison' ? 'poison' : 'retryable'
    })
  }

  whenClosed (effect: () => void): void {
    this.#effects.push(effect)
  }

  writer<S extends Store> (store: S): WriterOf<S> {
    return this.#stores.writer(store)
  }

  global ({ storeName }: GlobalSource): GlobalTableCopy<unknown> {
    const copy = this.#globals.get(storeName)
    if (copy === undefined) throw new TypeError(`Global table '${storeName}' is not among those of this process.`)
    return copy
  }

  partition (): number {
    if (this.#item === undefined) throw new TypeError('There is no record being processed.')
    return this.#item.task.partition
  }

  streamTime (): number {
    return this.#times.streamTime.value
  }

  time (name: string): TaskTime {
    const known = this.#timeNames.indexOf(name)
    const index = known === -1 ? this.#timeNames.push(name) - 1 : known
    return {
      get: () => this.#times.cell(index).value,
      set: value => this.#times.cell(index).set(value, this.#stores.journal)
    }
  }

  whenRecordDone (hooks: RecordHooks): void {
    this.#hooks.push(hooks)
  }

  punctuate (node: Node, { name, everyMs, by }: PunctuationOptions, run: (now: number, cancel: () => void) => void): void {
    const deadline = this.time(name)
    this.timers.add({ kind: by, node, name, everyMs, deadline, run: now => run(now, () => deadline.set(NEVER)) })
  }

  whenTimeAdvances (node: Node, run: (streamTime: number) => void): void {
    this.timers.add({ kind: 'watermark', node, run })
  }

  whenIdle (node: Node, afterMs: number, run: (now: number) => void): void {
    this.timers.add({ kind: 'idle', node, afterMs, run })
  }

  #begin (item: Item): void {
    this.#stores.journal.forget()
    this.#mark()
    this.#enter(item)
  }

  #enter (item: Item): void {
    const { task } = item
    if (item.record !== undefined && item.extraction?.again !== undefined) {
      // Its schema is here now, or asked for by the decoding that follows.
      item.extraction = item.extraction.again()
      item.decoded = item.extraction.decoded
    }
    if (this.#tracing !== undefined && item.record !== undefined) this.#tracing.begin(item).failure = undefined
    const timestamp = timestampOf(item)
    this.#isByTime = false
    this.#stores.followRecord(task.partition)
    this.#item = item
    this.#times = task.times
    task.times.levelWith(this.#undone, task.position, this.#timeNames)
    if (timestamp > task.times.streamTime.value) task.times.streamTime.set(timestamp, this.#stores.journal)
  }

  #timesAfter (items: readonly Item[]): Map<Task, Readonly<Record<string, number>>> {
    if (this.#timeNames.length === 0) return new Map()
    // What another version of the topology has kept stays: it may come back.
    return new Map([...new Set(items.map(({ task }) => task))].map(task => [task, { ...task.position.times, ...task.times.toPosition(this.#timeNames) }]))
  }

  #process (item: Item): void {
    this.#node = undefined
    // Numbered as when the unit is run again: then nothing is emitted before a dead letter.
    this.#emissionIndex = 0
    this.#callIndex = 0
    if (item.record === undefined) this.#processTime(item)
    else this.#processRecord(item)
  }

  #processTime ({ task, now, watermark, due }: TimeItem): void {
    for (const { reset } of this.#hooks) reset()
    if (watermark !== undefined) {
      for (const timer of this.timers.of(task.subTopology, 'watermark')) this.#runTimer(timer, this.streamTime())
      this.#punctuateByStreamTime(task)
    }
    for (const { timer, next } of due) {
      if (timer.kind === 'wall-clock') {
        // Cancelled by a unit that was in flight when this came about.
        if (timer.deadline.get() === NEVER) continue
        timer.deadline.set(next)
      }
      this.#runTimer(timer, now)
    }
    for (const { flush } of this.#hooks) flush()
  }

  #punctuateByStreamTime ({ subTopology }: Task): void {
    if (this.timers.isEmpty) return
    const streamTime = this.streamTime()
    const due = this.timers.of(subTopology, 'stream-time')
      .map(timer => ({ timer, at: Math.max(0, timer.deadline.get()) }))
      .filter(({ at }) => at <= streamTime)
      .sort((a, b) => a.at - b.at)
    for (const { timer, at } of due) {
      timer.deadline.set(deadlineAfter(at, timer.everyMs, streamTime))
      this.#runTimer(timer, streamTime)
    }
  }

  #runTimer ({ node, run }: Timer, now: number): void {
    const previous = this.enter(node)
    this.#isByTime = true
    try {
      run(now)
    } catch (error) {
      if (error instanceof Suspended || error instanceof SchemaNotLoaded || this.#stores.mode.missed) throw error
      throw new FatalError(
        `Node '${this.#node?.name}' failed on what it does by time, in task ${this.#item?.task.name} at ${now}: ${messageOf(error)}. There is no record that could be dead-lettered for it; mend the node.`,
        { cause: error }
      )
    }
    this.#isByTime = false
    this.leave(previous)
  }

  #processRecord (item: RecordItem): void {
    const { record, failure } = item
    const { source, node, topic, forward, routesRejects, deadLetters } = this.#entry(record.topic)
    if (item.parking !== undefined && failure === undefined) return
    if (item.detour !== undefined && failure === undefined) {
      this.#emissions.push({ item, isDeadLetter: false, isInternal: true, record: { ...item.detour, partition: record.partition, key: record.key, value: record.value, ...(record.timestamp < 0 ? {} : { timestamp: record.timestamp }) } })
      return
    }
    if (failure !== undefined && deadLetters !== undefined) {
      if (deadLetters.node !== undefined) this.#trace.push(deadLetters.node.index)
      this.#writeDeadLetter(deadLetters, item, failure)
      return
    }
    this.#trace.push(node.index)
    this.#pulse.begin(source, record.partition, record.offset, node.index)
    try {
      item.decoded ??= decode(record, topic)
      if (!routesRejects && item.decoded.value instanceof Rejected) throw new Undecodable(item.decoded.value)
      if (item.extraction !== undefined && 'error' in item.extraction) throw item.extraction.error
      if (item.extraction !== undefined && item.extraction.timestamp < 0) {
        this.drop(node, 'invalid-timestamp')
        return
      }
      for (const { reset } of this.#hooks) reset()
      forward(item.decoded)
      this.#punctuateByStreamTime(item.task)
      for (const { flush } of this.#hooks) flush()
    } finally {
      this.#pulse.end()
    }
  }

  #entry (topic: string): Entry {
    const known = this.#entries.get(topic)
    if (known !== undefined) return known
    const source = sourceOf(this.#topology.nodes, topic)
    const input = source === undefined ? undefined : this.#inputs.get(source)
    const read = source === undefined ? undefined : topicRead(source, topic)
    if (input === undefined || read === undefined) throw new TypeError(`Topology '${this.#topology.name}' does not read topic '${topic}'.`)
    const entry = { ...input, topic: read, source: this.#entries.size }
    this.#entries.set(topic, entry)
    this.#pulse.found(watchedSource(this.#topology, input.node, topic))
    return entry
  }

  #fail (item: Item, errorType: string, error: unknown): void {
    if (item.record === undefined) {
      throw new FatalError(`What task ${item.task.name} does by time, at ${item.now}, cannot be committed: ${messageOf(error)}. There is no record that could be dead-lettered for it; mend the node.`, { cause: error })
    }
    const entry = this.#entry(item.record.topic)
    const node = this.#node?.name ?? entry.node.name
    if (entry.deadLetters === undefined) throw this.#noPlaceFor(item.record, node, error)
    const rejected = error instanceof Undecodable ? error.rejected : new Rejected({ errorType, message: `Node '${node}': ${messageOf(error)}` })
    item.failure = { rejected, node, cause: error instanceof Undecodable ? undefined : error, failedAtMs: this.#now() } satisfies Failure
  }

  #noPlaceFor ({ topic, partition, offset }: LogRecord, node: string, error: unknown): FatalError {
    return new FatalError(
      `Node '${node}' failed on ${topic}-${partition}@${offset}: ${messageOf(error)}. Topology '${this.#topology.name}' has no place for dead letters of '${topic}'; ` +
      'route the rejects of a validation with to(topic, { format }), or give the topology deadLetters: { topic, format }.',
      { cause: error }
    )
  }

  #writeDeadLetter ({ topic, format }: DeadLetterPlace, item: RecordItem, failure: Failure): void {
    if (item.trace !== undefined) item.trace.failure = failure
    this.#push(deadLetter(item.record, failure, {
      applicationId: this.#applicationId,
      topic: this.#nameOf(topic),
      format,
      families: this.#families,
      maxBytes: item.maxDeadLetterBytes ?? this.#maxRecordBytes
    }), item, { isDeadLetter: true, isInternal: false })
  }

  #push (record: OutgoingRecord, item: Item, kind: Pick<Emission, 'isDeadLetter' | 'isInternal'>): void {
    // Behind an internal topic the way goes on from where the record before it came from: that one's offset is another after a rerun.
    const origin = originOf(this.#applicationId, item)
    const from = item.record === undefined || item.origin === undefined ? origin : `${origin}/${item.task.name}`
    const headers = this.#tracing === undefined ? record.headers : item.trace?.onto(record.headers) ?? record.headers
    this.#emissions.push({ item, ...kind, record: { ...record, headers: [...headers, [SOURCE_HEADER, Buffer.from(`${from}#${this.#emissionIndex++}`)]] } })
  }

  /** Which nodes the record has just reached, each once. */
  #traceRun ({ trace }: Item): void {
    if (trace === undefined) return
    const reached = new Set(trace.isRecording ? this.#trace.slice(this.#marks.trace).filter(index => index < OUT) : [])
    trace.ran([...reached].flatMap(index => this.#topology.nodes[index]?.name ?? []))
  }

  #nameOf (topic: Topic): string {
    return this.#names.get(topic) ?? topic.name
  }

  #mark (): void {
    this.#marks = {
      journal: this.#stores.journal.length, emissions: this.#emissions.length, drops: this.#drops.length, effects: this.#effects.length, trace: this.#trace.length
    }
  }

  #undoToMark (): void {
    this.#undoTo(this.#marks)
  }

  /** undefined: there is nothing behind it. */
  #undoTo (marks: Marks | undefined): void {
    if (marks === undefined) return
    this.#emissions.length = marks.emissions
    this.#drops.length = marks.drops
    this.#effects.length = marks.effects
    this.#trace.length = marks.trace
    this.#stores.undoRecord(marks.journal)
  }
}

/** Windows of one key lie in the partition of that key. */
function partitionOfInnerKey ({ partitionBytes }: Topic['key'], key: unknown): ChosenPartition | undefined {
  if (partitionBytes === undefined || key === null || key === undefined) return undefined
  const bytes = partitionBytes(key)
  return count => partitionFor(bytes, count)
}

/** A topic, and the source that reads it. */
interface Entry extends Input {
  /** Its number for a watchdog. */
  readonly source: number
  readonly topic: Topic
}

/** A source, opened: where its records enter the graph, and where they go when something fails on them. */
interface Input {
  readonly node: Node
  readonly forward: Forward<unknown, unknown>
  readonly routesRejects: boolean
  readonly deadLetters: DeadLetterPlace | undefined
}

/** No node behind the source takes what is no value. */
class Undecodable extends Error {
  readonly rejected: Rejected

  constructor (rejected: Rejected) {
    super(rejected.message)
    this.rejected = rejected
  }
}

function validationBefore (node: Node): Node | undefined {
  if (node.kind === 'validate') return node
  for (const parent of node.parents) {
    const found = validationBefore(parent)
    if (found !== undefined) return found
  }
  return undefined
}
