import type { Change, Conflict, State, TaskId, TaskPosition, UnitTransaction } from '../state/state.ts'
import { StateError } from '../state/state.ts'
import { LogError } from '../log/log.ts'
import type { Outbound } from './outbound.ts'
import { UnsendableError } from './outbound.ts'
import type { StoreStates } from './stores/store-states.ts'
import type { Task } from './task.ts'
import type { Emission, Unit } from './unit.ts'

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

/** Called between each pair of steps; tests make the process die there. */
export type Milestone = 'claimed' | 'produced' | 'written'

export interface CommitterOptions {
  readonly state: State
  readonly stores: StoreStates
  readonly outbound: Outbound
  readonly takeApplied: () => readonly number[]
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
export async function beginUnit ({ state, stores }: Pick<CommitterOptions, 'state' | 'stores'>): Promise<Begun> {
  const rows = stores.deciding()
  try {
    const transaction = await state.begin()
    return { transaction, conflicts: await transaction.insert(rows) }
  } catch (error) {
    return { error }
  }
}

/** The unit will not be committed: the one before it failed, or it is not ours any more. */
export async function abandonUnit (begun: Begun): Promise<void> {
  if ('transaction' in begun) await begun.transaction.rollback()
}

/** Takes a prepared unit through the steps of a commit, after the unit before it. Never throws: how it went is the answer. */
export async function commitUnit (unit: Unit, begun: Begun, { stores, outbound, takeApplied, reached = () => {} }: CommitterOptions): Promise<Outcome> {
  const positions = positionsAfter(unit)
  if ('error' in begun) return outcomeOf(begun.error, positions)
  const { transaction, conflicts } = begun
  const writes = stores.writes().filter(({ kind }) => kind !== 'rows')
  const started = performance.now()
  try {
    if (conflicts.length > 0) {
      await transaction.rollback()
      stores.evict(conflicts)
      return { kind: 'again', reason: 'conflict', error: undefined }
    }
    const lost = await transaction.claim(positions)
    if (lost.length > 0) {
      await transaction.rollback()
      return { kind: 'lost', tasks: lost }
    }
    const claimed = performance.now()
    reached('claimed')
    try {
      await outbound.send(unit.emissions)
    } catch (error) {
      await transaction.rollback()
      throw error
    }
    const produced = performance.now()
    reached('produced')
    const written = await transaction.write(writes, takeApplied())
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

function positionsAfter ({ items, passed }: Unit): TaskPosition[] {
  const after = new Map<Task, { offsets: Record<string, number>, streamTime: number }>()
  const movedOf = (task: Task): { offsets: Record<string, number>, streamTime: number } => {
    const known = after.get(task)
    if (known !== undefined) return known
    const moved = { offsets: { ...task.position.offsets }, streamTime: task.position.streamTime }
    after.set(task, moved)
    return moved
  }
  for (const { task, record, nextOffset } of items) {
    const moved = movedOf(task)
    moved.offsets[record.topic] = nextOffset
    moved.streamTime = Math.max(moved.streamTime, record.timestamp)
  }
  for (const { task, topic, nextOffset } of passed) movedOf(task).offsets[topic] = nextOffset
  return [...after].map(([task, moved]) => ({ ...task.position, ...moved }))
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
