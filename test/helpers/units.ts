import type { AbortedUnit, Conflict, RowsWrite, TaskId, TaskPosition, UnitTransaction } from '../../streams/state/state.ts'

/** The first two steps of a unit, one after the other: what decides, then the positions. */
export async function claimUnit (unit: UnitTransaction, positions: readonly TaskPosition[], rows: readonly RowsWrite[], aborted: readonly AbortedUnit[] = []): Promise<{ readonly lost: readonly TaskId[], readonly conflicts: readonly Conflict[] }> {
  const conflicts = await unit.insert(rows)
  return { lost: await unit.claim(positions, [], aborted), conflicts }
}
