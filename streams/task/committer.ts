import type { AbortedUnit, Change, Conflict, ParkedPlace, ParkedRow, ParkedWrite, State, StoreWrite, TaskId, TaskPosition, UnitTransaction } from '../state/state.ts'
import { StateError } from '../state/state.ts'
import { finish, type OffsetRange } from '../state/progress.ts'
import { LogError, type LogHeader } from '../log/log.ts'
import type { Pauses } from '../pauses.ts'
import { timestampOf } from './item.ts'
import type { Outbound } from './outbound.ts'
import { UnsendableError } from './outbound.ts'
import type { StoreStates } from './stores/store-states.ts'
import type { Task } from './task.ts'
import type { Emission, Unit } from './unit.ts'
import { unitHeader } from './unit-stamp.ts'

/** How long each step of a unit took, in seconds. */
export type Steps = Readonly<Record<'claim' | 'produce' | 'write', number>>

export interface Committed {
  readonly kind: 'committed'
  readonly positions: readonly TaskPosition[]
  readonly changes: readonly Change[]
  readonly outboxId: number | undefined
  readonly steps: Steps
}

/**
 * again: undo, and run the same records again, at once where others were first (`conflict`), after a while where something is away ·
 * data: one of the records cannot be stored · unsendable: this record cannot be produced · lost: these tasks are no longer ours ·
 * fatal: stop.
 */
export type Outcome =
  | Committed
  | { readonly kind: 'again', readonly reason: 'conflict' | 'outage', readonly error: Error | undefined }
  | { readonly kind: 'data', readonly error: Error }
  | { readonly kind: 'unsendable', readonly emission: Emission, readonly error: Error }
  | { readonly kind: 'lost', readonly tasks: readonly TaskId[] }
  | { readonly kind: 'unknown', readonly positions: readonly TaskPosition[], readonly error: Error }
  | { readonly kind: 'fatal', readonly error: Error }

/** A step of a unit that has been taken; after the last, everything but the projection and the group offsets is done. */
export type Milestone = 'inserted' | 'claimed' | 'produced' | 'written'

export interface CommitterOptions {
  readonly state: State
  readonly stores: StoreStates
  readonly outbound: Outbound
  readonly takeApplied: () => readonly number[]
  /** A unit whose records are not acknowledged by then is rolled back: others may wait for what it has locked. */
  readonly acknowledgeWithinMs: number
  readonly pauses: Pauses
  readonly reached?: (milestone: Milestone) => void
}

/** A unit's transaction in which the rows that decide are inserted, or why it could not be. */
export type Begun =
  | { readonly transaction: UnitTransaction, readonly conflicts: readonly Conflict[] }
  | { readonly error: unknown }

/**
 * Begins to write a unit while the one before it is still being committed: inserts the rows that decide, which that one
 * cannot have touched. Never throws: `commitUnit` deals with what came of it.
 */
export async function beginUnit ({ state, stores, reached = () => {} }: Pick<CommitterOptions, 'state' | 'stores' | 'reached'>): Promise<Begun> {
  const rows = stores.deciding()
  try {
    const transaction = await state.begin()
    const conflicts = await transaction.insert(rows)
    reached('inserted')
    return { transaction, conflicts }
  } catch (error) {
    return { error }
  }
}

/** The unit will not be committed: the one before it failed, or it is not ours any more. */
export async function abandonUnit (begun: Begun): Promise<void> {
  if ('transaction' in begun) await begun.transaction.rollback()
}

/** Takes a prepared unit through the steps of a commit, after the unit before it. Never throws: how it went is the answer. */
export async function commitUnit (unit: Unit, begun: Begun, options: CommitterOptions): Promise<Outcome> {
  const { stores, takeApplied, reached = () => {} } = options
  const positions = positionsAfter(unit)
  if ('error' in begun) return outcomeOf(begun.error, positions)
  const { transaction, conflicts } = begun
  const started = performance.now()
  try {
    if (conflicts.length > 0) {
      await transaction.rollback()
      stores.evict(conflicts)
      return { kind: 'again', reason: 'conflict', error: undefined }
    }
    const writes = await writesOf(stores, transaction)
    const condemned = unit.items.flatMap(({ failure, record }) => failure?.condemned === true && record !== undefined ? [record] : [])
    const lost = await transaction.claim(positions, condemned, abortedBefore(unit))
    if (lost.length > 0) {
      await transaction.rollback()
      return { kind: 'lost', tasks: lost }
    }
    const claimed = performance.now()
    reached('claimed')
    await produce(stamped(unit.emissions, options.state.generation), transaction, options)
    const produced = performance.now()
    reached('produced')
    const written = await transaction.write(writes, takeApplied(), parkedBy(unit))
    if (written.outcome === 'conflict') {
      stores.evict(written.conflicts)
      return { kind: 'again', reason: 'conflict', error: undefined }
    }
    reached('written')
    return {
      kind: 'committed',
      positions: positions.map(position => ({ ...position, unit: position.unit + 1 })),
      changes: written.changes,
      outboxId: written.outboxId,
      steps: { claim: (claimed - started) / 1000, produce: (produced - claimed) / 1000, write: (performance.now() - produced) / 1000 }
    }
  } catch (error) {
    return outcomeOf(error, positions)
  }
}

/** Records that are put aside, and those that were and are done with. */
function parkedBy ({ items }: Unit): ParkedWrite | undefined {
  const puts: ParkedRow[] = []
  const deletes: ParkedPlace[] = []
  for (const item of items) {
    if (item.record === undefined) continue
    const { task: { subTopology, partition }, parking, released, failure } = item
    if (parking !== undefined && failure === undefined) puts.push(item.trace === undefined ? parking : { ...parking, record: { ...parking.record, headers: item.trace.ontoRetry(parking.record.headers) } })
    else if (released !== undefined) deletes.push({ ...released, subTopology: subTopology.name, partition, dueAtMs: 0 })
  }
  return puts.length + deletes.length === 0 ? undefined : { puts, deletes }
}

/** Throws with the transaction rolled back: where a value cannot be written as bytes. */
async function writesOf (stores: StoreStates, transaction: UnitTransaction): Promise<StoreWrite[]> {
  try {
    return stores.writes().filter(({ kind }) => kind !== 'rows')
  } catch (error) {
    await transaction.rollback()
    throw error
  }
}

/** Throws with the transaction rolled back: where the records cannot be sent, and where the log takes too long for them. */
async function produce (emissions: readonly Emission[], transaction: UnitTransaction, { outbound, acknowledgeWithinMs, pauses }: CommitterOptions): Promise<void> {
  if (emissions.length === 0) return
  const sending = outbound.send(emissions)
  if (await isAnswered(sending, acknowledgeWithinMs)) {
    try {
      return await sending
    } catch (error) {
      await transaction.rollback()
      throw error
    }
  }
  await transaction.rollback()
  const reason = `no acknowledgement within ${acknowledgeWithinMs} ms`
  // Where a refusal was told before, that says more.
  if (pauses.holdingRecords() === undefined) pauses.waits('kafka', reason)
  // It goes on meanwhile, and what is acknowledged in the end is not sent again.
  await sending
  throw new LogError('outage', `${reason}; the unit is run again`)
}

/** Whether the work was done, or failed, in time. */
async function isAnswered (work: Promise<void>, withinMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), withinMs)
  const answered = await Promise.race([work.then(() => true, () => true), late.promise])
  clearTimeout(timer)
  return answered
}

function positionsAfter ({ items, passed, times }: Unit): TaskPosition[] {
  const after = new Map<Task, Moved>()
  const movedOf = (task: Task): Moved => {
    const known = after.get(task)
    if (known !== undefined) return known
    const { offsets, finished, streamTime } = task.position
    const moved = { offsets: { ...offsets }, finished: { ...finished }, streamTime }
    after.set(task, moved)
    return moved
  }
  for (const item of items) {
    const moved = movedOf(item.task)
    if (item.record !== undefined && item.readFrom !== undefined) moveOver(moved, item.readFrom.topic, item.readFrom.offset, item.nextOffset)
    moved.streamTime = Math.max(moved.streamTime, timestampOf(item))
  }
  for (const { task, topic, from, nextOffset } of passed) moveOver(movedOf(task), topic, from, nextOffset)
  return [...after].map(([task, moved]) => ({ ...task.position, ...moved, times: times.get(task) ?? task.position.times }))
}

interface Moved {
  readonly offsets: Record<string, number>
  readonly finished: Record<string, readonly OffsetRange[]>
  streamTime: number
}

/** Where nothing before it waits, that is all; else the range is kept until the offset comes by. */
function moveOver ({ offsets, finished }: Moved, topic: string, from: number, to: number): void {
  const offset = offsets[topic] ?? from
  const { [topic]: beyond } = finished
  if (beyond === undefined && from <= offset) {
    offsets[topic] = Math.max(offset, to)
    return
  }
  const progress = finish({ offset, beyond: beyond ?? [] }, [from, to])
  offsets[topic] = progress.offset
  if (progress.beyond.length > 0) finished[topic] = progress.beyond
  else delete finished[topic]
}

/** The tasks of a unit. */
export function tasksOf ({ items, passed }: Unit): ReadonlySet<Task> {
  return new Set([...items, ...passed].map(({ task }) => task))
}

/** Of all tasks that move: the unit that commits may leave out what an attempt before it has written to internal topics. */
function abortedBefore (unit: Unit): AbortedUnit[] {
  return [...tasksOf(unit)].flatMap(task => task.attempt === 0 ? [] : [abortedOf(task)])
}

/** The attempts that came to nothing at the unit behind the task's position. */
export function abortedOf ({ position: { subTopology, partition, epoch, unit }, attempt }: Task): AbortedUnit {
  return { subTopology, partition, epoch, unit: unit + 1, attempts: attempt }
}

/** Internal records with the number of the attempt that writes them. */
function stamped (emissions: readonly Emission[], generation: string): readonly Emission[] {
  const headers = new Map<Task, LogHeader>()
  const headerOf = (task: Task): LogHeader => {
    const known = headers.get(task)
    if (known !== undefined) return known
    const { position: { subTopology, partition, epoch, unit }, attempt } = task
    const header = unitHeader({ generation, subTopology, partition, epoch, unit: unit + 1, attempt })
    headers.set(task, header)
    task.attempts()
    return header
  }
  if (!emissions.some(({ isInternal }) => isInternal === true)) return emissions
  return emissions.map(emission => emission.isInternal !== true
    ? emission
    : { ...emission, record: { ...emission.record, headers: [...emission.record.headers, headerOf(emission.item.task)] } })
}

function outcomeOf (error: unknown, positions: readonly TaskPosition[]): Outcome {
  if (error instanceof UnsendableError) return { kind: 'unsendable', emission: error.emission, error }
  if (error instanceof LogError) return error.kind === 'fatal' ? { kind: 'fatal', error } : { kind: 'again', reason: 'outage', error }
  if (error instanceof StateError) {
    switch (error.kind) {
      case 'outage': return { kind: 'again', reason: 'outage', error }
      case 'data': return { kind: 'data', error }
      case 'unknown': return { kind: 'unknown', positions, error }
      case 'fatal': return { kind: 'fatal', error }
    }
  }
  return { kind: 'fatal', error: error instanceof Error ? error : new Error(String(error)) }
}
