/** Offsets from the first on, up to and without the second. */
export type OffsetRange = readonly [from: number, to: number]

/** How far a partition is done: everything before `offset`, and the ranges beyond it, in order and apart from each other. */
export interface Progress {
  readonly offset: number
  readonly beyond: readonly OffsetRange[]
}

/** The progress with one more range done, whatever of it was done before. */
export function finish ({ offset, beyond }: Progress, [from, to]: OffsetRange): Progress {
  if (to <= offset) return { offset, beyond }
  if (from <= offset) return absorb(to, beyond)
  let [low, high] = [from, to]
  const before: OffsetRange[] = []
  const after: OffsetRange[] = []
  for (const range of beyond) {
    if (range[1] < low) before.push(range)
    else if (range[0] > high) after.push(range)
    else [low, high] = [Math.min(low, range[0]), Math.max(high, range[1])]
  }
  return { offset, beyond: [...before, [low, high], ...after] }
}

export function isFinished (beyond: readonly OffsetRange[], offset: number): boolean {
  return beyond.some(([from, to]) => from <= offset && offset < to)
}

/** Whether all of a range is done. */
export function isCovered ({ offset, beyond }: Progress, [from, to]: OffsetRange): boolean {
  return to <= offset || beyond.some(range => range[0] <= from && to <= range[1])
}

/** Ranges that the offset has reached are part of it. */
function absorb (offset: number, beyond: readonly OffsetRange[]): Progress {
  let reached = offset
  const left = beyond.filter(([from, to]) => {
    if (from > reached) return true
    reached = Math.max(reached, to)
    return false
  })
  return { offset: reached, beyond: left }
}
