import { systemClock } from '../clock.ts'
import type { HeaderFamilies } from '../dead-letters/headers.ts'
import { FatalError, messageOf } from '../errors.ts'
import type { OffsetReset } from '../graph/node.ts'
import type { Topology } from '../graph/topology.ts'
import type { Log, GroupMember, LogReader, ReadPosition, TopicPartition } from '../log/log.ts'
import { LogError } from '../log/log.ts'
import type { Logger } from '../logger.ts'
import type { Pauses } from '../pauses.ts'
import { StateError, type State, type TaskId } from '../state/state.ts'
import type { Committed, Milestone } from '../task/committer.ts'
import { Engine } from '../task/engine.ts'
import { createGlobalTables, type GlobalTables } from '../task/global-tables.ts'
import { Outbound } from '../task/outbound.ts'
import type { Pulse } from '../task/pulse.ts'
import { fairShares } from '../task/schedule.ts'
import type { Reads } from '../task/stores/store-state.ts'
import { StoreStates } from '../task/stores/store-states.ts'
import { Task } from '../task/task.ts'
import { UnitRunner, type Unit } from '../task/unit.ts'
import { UnitGate } from '../task/unit-gate.ts'
import type { CallEnded } from '../task/calls/node-caller.ts'
import type { Transition } from '../resilience/breaker.ts'
import { openTracing } from '../task/tracing/tracing.ts'
import { UnitLedger } from '../task/unit-ledger.ts'
import { openGlobalReader } from './global-reader.ts'
import { Inputs } from './inputs.ts'
import { skipOf, type OutOfRangePolicy, type Skip } from './out-of-range.ts'
import { checkParked, findForgotten } from './parked.ts'
import { candidatesOf, startsOf, type Candidate } from './starts.ts'
import { startPurging } from './purge.ts'
import { watchForStuck } from './stuck.ts'

/** What a commit means to those who watch: metrics, the projection, status. */
export interface WorkerObserver {
  readonly committed: (unit: Unit, committed: Committed) => void
  /** `reads` goes on counting, by store. */
  readonly assigned: (tasks: readonly Task[], reads: ReadonlyMap<string, Readonly<Reads>>) => void
  /** Between each pair of a unit's steps; tests make the process die there. */
  readonly reached?: (milestone: Milestone) => void
  /** A call to something outside has ended. */
  readonly called?: (call: CallEnded) => void
  readonly breakerChanged?: (transition: Transition) => void
  /** Retention was faster: these offsets are passed over unprocessed. Told again when the worker ends before the position is committed. */
  readonly skipped?: (skip: Skip) => void
}

export interface WorkerOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly log: Log
  readonly state: State
  readonly logger: Logger
  readonly offsetReset: OffsetReset
  readonly outOfRange: OutOfRangePolicy
  readonly sessionTimeoutMs: number
  /** A partition that has records and does not advance for so long is said to be stuck. */
  readonly stuckAfterMs: number
  readonly groupInstanceId?: string
  readonly maxUnitRecords: number
  readonly unitIntervalMs: number
  readonly maxRecordBytes: number
  /** Which headers of others dead letters bear; left out: the default ones. */
  readonly headerFamilies?: HeaderFamilies
  readonly pollTimeoutMs: number
  readonly now: () => number
  readonly observers: readonly WorkerObserver[]
  /** What holds the worker up, for those who observe it. */
  readonly pauses: Pauses
  /** Written for every record that is run, for a watchdog. */
  readonly pulse?: Pulse
  readonly takeApplied: () => readonly number[]
  /** How often what was read of internal topics is deleted; left out: every 30 seconds, as in Kafka Streams. */
  readonly purgeEveryMs?: number
}

/** Group offsets follow for lag tools; more often would only load the broker. */
const GROUP_OFFSETS_EVERY_MS = 500

const PURGE_EVERY_MS = 30_000

/** Of the session timeout: half of what a transaction may stand still before Postgres ends it (`openServiceWorker`). */
const ACKNOWLEDGED_WITHIN = 0.45

/** One process' share of an application: a member of its group, the tasks it was given, the loop over them. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #engine: Engine
  readonly #ledger: UnitLedger
  readonly #globals: GlobalTables
  readonly #inputs: Inputs
  readonly #reads: ReadonlyMap<string, Readonly<Reads>>
  readonly #reader: LogReader
  readonly #outbound: Outbound
  readonly #closers: (() => Promise<void>)[] = []
  #member: GroupMember | undefined
  #purging: { readonly stop: () => Promise<void> } | undefined
  /** Partitions of which is being asked where they go on. */
  readonly #skipping = new Set<string>()
  #assignmentEpoch = 0
  /** The group gives its partitions out anew, and its answer is still to come. */
  #isRejoining = false
  #assigned: readonly TopicPartition[] = []
  /** Assignments are dealt with one after the other; the newest wins. */
  #assigning: Promise<void> = Promise.resolve()
  #failed: ((error: Error) => void) | undefined
  #groupOffsets: NodeJS.Timeout | undefined
  #stuckWatch: { readonly stop: () => void } | undefined
  /** As last committed to the group: what has not moved is not said again. */
  #saidOffsets = ''
  #stopped: Promise<void> | undefined
  #running: Promise<void> = Promise.resolve()
  /** Rejects when the worker cannot go on; resolves when it was stopped. */
  readonly done: Promise<void>

  constructor (options: WorkerOptions) {
    this.#options = options
    const { topology, applicationId, log, state, now, maxRecordBytes } = options
    const stores = new StoreStates(topology.stores)
    this.#reads = stores.reads
    const producer = log.openProducer()
    this.#closers.push(producer.close)
    this.#outbound = new Outbound(producer)
    this.#inputs = new Inputs(options)
    this.#ledger = new UnitLedger({ state, learned: () => this.#engine.decided() })
    this.#closers.push(async () => await this.#ledger.close())
    this.#globals = createGlobalTables(topology)
    const tracing = openTracing(applicationId)
    const runner = new UnitRunner({
      topology,
      applicationId,
      stores,
      now,
      maxRecordBytes,
      globals: this.#globals,
      tracing,
      ...(options.headerFamilies === undefined ? {} : { headerFamilies: options.headerFamilies }),
      ...(options.pulse === undefined ? {} : { pulse: options.pulse })
    })
    this.#engine = new Engine({
      applicationId,
      state,
      stores,
      runner,
      tracing,
      outbound: this.#outbound,
      ledger: this.#ledger,
      clock: systemClock,
      schedule: fairShares(),
      maxUnitRecords: options.maxUnitRecords,
      unitIntervalMs: options.unitIntervalMs,
      acknowledgeWithinMs: Math.floor(options.sessionTimeoutMs * ACKNOWLEDGED_WITHIN),
      takeApplied: options.takeApplied,
      effectFailed: error => options.logger.error({ error: messageOf(error) }, 'a peek threw; its record is committed all the same'),
      lost: tasks => this.#reconsider(tasks),
      committed: (unit, committed) => { for (const observer of options.observers) observer.committed(unit, committed) },
      called: call => { for (const observer of options.observers) observer.called?.(call) },
      breakerChanged: transition => { for (const observer of options.observers) observer.breakerChanged?.(transition) },
      pauses: options.pauses,
      roomMade: () => this.#reader.wake(),
      reached: milestone => { for (const observer of options.observers) observer.reached?.(milestone) }
    })
    this.#reader = log.openReader({
      wanted: () => this.#engine.wanted(),
      deliver: batch => {
        options.pauses.over('reading', nameOf(batch))
        this.#engine.deliver(batch)
      },
      delayed: (position, reason) => this.#readDelayed(position, reason),
      failed: (position, error) => this.#readFailed(position, error),
      maxWaitMs: Math.min(options.pollTimeoutMs, 250)
    })
    this.#closers.push(this.#reader.close)
    this.done = new Promise((resolve, reject) => {
      this.#failed = reject
      this.#finish = resolve
    })
    // It may fail before anybody waits for it; whoever waits then is still told.
    this.done.catch(() => {})
  }

  #finish: () => void = () => {}

  get tasks (): readonly Task[] {
    return this.#engine.tasks
  }

  async start (): Promise<void> {
    const { topology, applicationId, log, state, logger, sessionTimeoutMs, groupInstanceId } = this.#options
    await state.ensureStores(topology.stores)
    await this.#inputs.begin()
    for (const { message, ...fields } of await findForgotten({ applicationId, subTopologies: this.#inputs.subTopologies, state })) logger.warn(fields, message)
    const globals = await openGlobalReader({ topology, tables: this.#globals, log, logger })
    this.#closers.push(globals.close)
    this.#running = this.#engine.run().catch(error => this.#fail(error))
    this.#member = await log.joinGroup({
      groupId: applicationId,
      ...(groupInstanceId === undefined ? {} : { instanceId: groupInstanceId }),
      ...this.#inputs.subscription,
      sessionTimeoutMs,
      rebalanceTimeoutMs: Math.max(30_000, sessionTimeoutMs * 3),
      prepare: async () => await this.#prepare(),
      assigned: (partitions, lost) => {
        this.#isRejoining = false
        if (lost === undefined) this.#options.pauses.over('membership')
        else this.#options.pauses.waits('membership', lost)
        this.#assign(partitions)
      },
      failed: error => this.#fail(error)
    })
    this.#groupOffsets = setInterval(() => { this.#commitGroupOffsets().catch(error => logger.debug({ error: messageOf(error) }, 'group offsets not committed')) }, GROUP_OFFSETS_EVERY_MS)
    this.#stuckWatch = watchForStuck({
      tasks: () => this.#engine.tasks, trouble: task => this.#engine.troubleOf(task), waits: task => this.#engine.waits(task), pauses: this.#options.pauses, stuckAfterMs: this.#options.stuckAfterMs
    })
    if (this.#inputs.internal.size > 0) {
      this.#purging = startPurging({ applicationId, log, state, logger, tasks: () => this.#engine.tasks, internal: () => this.#inputs.internal }, this.#options.purgeEveryMs ?? PURGE_EVERY_MS)
    }
    await this.#assigning
  }

  /** Finishes the unit in flight, leaves the group, closes in reverse order. */
  async stop (): Promise<void> {
    this.#stopped ??= this.#stop()
    await this.#stopped
  }

  async #stop (): Promise<void> {
    // Whoever is still taking tasks over gives up: no assignment is the newest any more.
    this.#assignmentEpoch++
    clearInterval(this.#groupOffsets)
    this.#stuckWatch?.stop()
    await this.#purging?.stop()
    this.#engine.stop()
    await this.#running
    await this.#commitGroupOffsets().catch(() => {})
    await this.#member?.leave().catch(error => this.#options.logger.warn({ error: messageOf(error) }, 'did not leave the group in order'))
    for (const close of this.#closers.toReversed()) await close()
    this.#finish()
  }

  /** Tells whoever waits for `done`; stopping in order is theirs. */
  #fail (error: unknown): void {
    this.#failed?.(error instanceof Error ? error : new Error(String(error)))
  }

  /**
   * Finishes what is in flight. Whoever takes tasks over gives up, and is waited for: a moment later it would take them from
   * their next owner. The group does not wait for ever, so the next assignment may come before this is done.
   */
  async #prepare (): Promise<void> {
    this.#options.pauses.waits('rebalance', 'the group gives its partitions out anew')
    this.#isRejoining = true
    this.#assignmentEpoch++
    await this.#engine.pause()
    await this.#assigning
  }

  #assign (partitions: readonly TopicPartition[]): void {
    this.#assigned = partitions
    const epoch = ++this.#assignmentEpoch
    this.#assigning = this.#assigning.then(async () => await this.#takeUp(epoch)).catch(error => this.#fail(error))
  }

  /** Makes the assigned tasks ours. Tasks we had before go on as they were: their epoch in Postgres is still ours. */
  async #takeUp (epoch: number): Promise<void> {
    await this.#engine.pause()
    const { logger, pauses } = this.#options
    await this.#patiently(epoch, async () => await this.#inputs.follow(this.#assigned))
    const { whole: candidates, partial } = candidatesOf(this.#inputs.subTopologies, this.#assigned, this.#inputs.topics)
    for (const { subTopology, partition, missing } of partial) {
      logger.warn({ task: `${subTopology}/${partition}`, missing }, 'a task waits: partitions were added to its other inputs, and not yet to these')
    }
    const kept = this.#engine.tasks.filter(task => candidates.some(candidate => isTaskOf(task, candidate)))
    const fresh = candidates.filter(candidate => !kept.some(task => isTaskOf(task, candidate)))
    const opened = fresh.length === 0 ? [] : await this.#open(fresh, epoch)
    // Another assignment came meanwhile; it starts from what is still right.
    if (epoch !== this.#assignmentEpoch) return
    const tasks = [...kept, ...opened]
    logger.info({ tasks: tasks.map(({ name }) => name).sort() }, 'tasks assigned')
    for (const observer of this.#options.observers) observer.assigned(tasks, this.#reads)
    // What was said of partitions that are somebody else's now nobody would take back.
    for (const kind of ['rebalance', 'taking-over', 'reading', 'partitions'] as const) pauses.over(kind)
    for (const { subTopology, partition, missing } of partial) pauses.waits('partitions', `no partition ${partition} of ${missing.join(', ')}`, `${subTopology}/${partition}`)
    this.#engine.resume(tasks)
  }

  async #open (candidates: readonly Candidate[], epoch: number): Promise<Task[]> {
    const { applicationId, log, state, offsetReset, pauses } = this.#options
    return await this.#patiently(epoch, async () => {
      // Only the rightful owner may raise an epoch: a zombie that wakes here is told so by the broker. At the first assignment the join itself was the answer.
      while (this.#member !== undefined && !await this.#member.confirm()) {
        if (epoch !== this.#assignmentEpoch) return []
        pauses.waits('taking-over', 'the group has not confirmed that they are ours')
        await new Promise(resolve => setTimeout(resolve, 100))
      }
      const { noted, internal, subTopologies } = this.#inputs
      const starts = await startsOf(candidates, { applicationId, log, state, offsetReset, resets: this.#inputs.resets(), noted, internalTopics: new Set(internal.keys()) })
      // The group may have confirmed an assignment that is newer than this one.
      if (epoch !== this.#assignmentEpoch) return []
      const positions = await state.takeOver(starts)
      const condemned = await state.condemned(candidates)
      const parked = await state.parked(candidates)
      await checkParked(parked, { applicationId, subTopologies, state })
      return candidates.flatMap(({ subTopology, partition, topics }) => {
        const position = positions.find(each => each.subTopology === subTopology && each.partition === partition)
        const definition = subTopologies.find(({ name }) => name === subTopology)
        const poison = condemned.filter(record => record.subTopology === subTopology && record.partition === partition)
        const waiting = parked.filter(each => each.subTopology === subTopology && each.partition === partition)
        return position === undefined || definition === undefined ? [] : [new Task(definition, position, topics, epoch, poison, topic => this.#gateOf(topic), waiting)]
      })
    }) ?? []
  }

  /** Tries until it is done; undefined: another assignment has come. */
  async #patiently<T> (epoch: number, work: () => Promise<T>): Promise<T | undefined> {
    while (epoch === this.#assignmentEpoch) {
      try {
        return await work()
      } catch (error) {
        if (isFatal(error)) throw error
        this.#options.pauses.waits('taking-over', messageOf(error))
        await new Promise(resolve => setTimeout(resolve, 250))
      }
    }
    return undefined
  }

  #gateOf (topic: string): UnitGate | undefined {
    return this.#inputs.internal.has(topic) ? new UnitGate(this.#ledger, this.#options.now) : undefined
  }

  /** The compare was lost: if the broker still says that we are the member, the tasks are taken over anew, else they are gone. */
  #reconsider (tasks: readonly TaskId[]): void {
    // The group is about to say it.
    if (this.#isRejoining) return
    this.#options.logger.warn({ tasks: tasks.map(({ subTopology, partition }) => `${subTopology}/${partition}`) }, 'somebody else moved the position of these tasks; asking the group whose they are')
    this.#assign(this.#assigned)
  }

  #readDelayed (position: ReadPosition, reason: string): void {
    // It may have become somebody else's while it was asked for.
    if (this.#engine.tasks.some(({ queues }) => queues.some(queue => nameOf(queue) === nameOf(position)))) this.#options.pauses.waits('reading', reason, nameOf(position))
  }

  #readFailed (position: ReadPosition, error: LogError): void {
    if (error.kind === 'fatal') return this.#fail(error)
    if (error.kind === 'out-of-range') {
      void this.#skip(position)
      return
    }
    this.#readDelayed(position, error.message)
  }

  /** The reader asks from there again and again until it is told to ask from elsewhere, so an outage needs no second try here. */
  async #skip (position: ReadPosition): Promise<void> {
    const { applicationId, log, logger, outOfRange: policy, observers } = this.#options
    const { topic, partition } = position
    const name = `${topic}/${partition}`
    if (this.#skipping.has(name)) return
    this.#skipping.add(name)
    try {
      const skip = await skipOf(position, { applicationId, log, policy })
      if (!this.#engine.skip(skip)) return
      logger.warn({ topic, partition, from: skip.from, to: skip.to, offsets: skip.to - skip.from, policy }, 'retention deleted records that were not processed; these offsets are skipped')
      for (const observer of observers) observer.skipped?.(skip)
    } catch (error) {
      // An answer may come late: whoever does not stand there any more has nothing to decide.
      if (!this.#engine.wanted().some(each => each.topic === topic && each.partition === partition && each.offset === position.offset)) return
      if (isFatal(error)) return this.#fail(error)
      logger.warn({ topic, partition, error: messageOf(error) }, 'where a partition goes on cannot be learnt for now')
    } finally {
      this.#skipping.delete(name)
    }
  }

  async #commitGroupOffsets (): Promise<void> {
    const positions = this.#engine.tasks.flatMap(({ partition, position: { offsets } }) => Object.entries(offsets).map(([topic, offset]) => ({ topic, partition, offset })))
    const said = JSON.stringify(positions)
    if (positions.length === 0 || said === this.#saidOffsets) return
    await this.#member?.commit(positions)
    this.#saidOffsets = said
  }
}

function nameOf ({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** A task whose inputs have become others is taken over anew. */
function isTaskOf ({ subTopology, partition, queues }: Task, candidate: Candidate): boolean {
  return subTopology.name === candidate.subTopology && partition === candidate.partition &&
    queues.length === candidate.topics.length && queues.every(({ topic }, index) => topic === candidate.topics[index])
}

function isFatal (error: unknown): boolean {
  return error instanceof FatalError || (error instanceof StateError && error.kind === 'fatal') || (error instanceof LogError && error.kind === 'fatal')
}
