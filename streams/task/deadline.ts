/**
 * When something that is done every so often is done next. Deadlines lie a whole number of intervals apart, whenever they were
 * looked at: what was missed is made up for once, not once for each.
 */
export function deadlineAfter (deadline: number, everyMs: number, now: number): number {
  return deadline + (Math.floor((now - deadline) / everyMs) + 1) * everyMs
}
