import type { Arrival, Output, Side } from './play.ts'

/** Joins of one partition, computed the slow way: from the list of all records that came so far. */

export type JoinKind = 'inner' | 'left' | 'outer'

/** What a join makes of two values, so that one can see which they were. */
export function paired (left: number | null, right: number | null): string {
  return `${left}+${right}`
}

export interface StreamJoinRules {
  readonly kind: JoinKind
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

export function streamStreamJoined (arrivals: readonly Arrival[], { kind, beforeMs, afterMs, graceMs }: StreamJoinRules): Output[] {
  const outputs: Output[] = []
  const seen: Arrival[] = []
  const keptMs = beforeMs + afterMs + graceMs
  let waiting: Arrival[] = []
  /** Where the last look ended, or the oldest that began to wait since: nobody looks again before its window is over. */
  let lookedTo: number | undefined
  let streamTime = -1
  const reachOf = (side: Side): number => side === 'left' ? afterMs : beforeMs
  const alone = ({ side, key, value, timestamp }: Arrival): Output => ({ key: String(key), value: side === 'left' ? paired(value, null) : paired(null, value), timestamp })

  for (const record of arrivals) {
    const { side, key, value, timestamp } = record
    const isOuter = kind === 'outer' || (kind === 'left' && side === 'left')
    streamTime = Math.max(streamTime, timestamp)
    if (value === null) continue
    if (key === null) {
      if (isOuter) outputs.push(alone(record))
      continue
    }
    if (timestamp === streamTime && lookedTo !== undefined && lookedTo + reachOf(side) + graceMs < streamTime) {
      lookedTo = undefined
      const open = new Set<Side>()
      for (const each of inOrder(waiting)) {
        lookedTo = each.timestamp
        if (open.size === 2) break
        if (each.timestamp + reachOf(each.side) + graceMs >= streamTime) open.add(each.side)
        else {
          outputs.push(alone(each))
          waiting = waiting.filter(other => other !== each)
        }
      }
    }
    const others = seen.filter(other => other.side !== side && other.key !== null && other.value !== null)
    const newest = Math.max(-1, ...others.map(other => other.timestamp))
    const [back, ahead] = side === 'left' ? [beforeMs, afterMs] : [afterMs, beforeMs]
    const matches = others
      .filter(other => other.key === key && other.timestamp >= timestamp - back && other.timestamp <= timestamp + ahead && other.timestamp > newest - keptMs)
      .sort((a, b) => a.timestamp - b.timestamp)
    for (const match of matches) {
      waiting = waiting.filter(each => !(each.side === match.side && each.key === key && each.timestamp === match.timestamp))
      outputs.push({ key, value: side === 'left' ? paired(value, match.value) : paired(match.value, value), timestamp: Math.max(timestamp, match.timestamp) })
    }
    seen.push(record)
    if (matches.length > 0 || !isOuter) continue
    if (timestamp + ahead < streamTime) {
      outputs.push(alone(record))
      continue
    }
    waiting.push(record)
    lookedTo = Math.min(lookedTo ?? Infinity, timestamp)
  }
  return outputs
}

/** By time, right before left, key. */
function inOrder (waiting: readonly Arrival[]): Arrival[] {
  return [...waiting].sort((a, b) => a.timestamp - b.timestamp || (a.side === b.side ? 0 : a.side === 'right' ? -1 : 1) || (String(a.key) < String(b.key) ? -1 : a.key === b.key ? 0 : 1))
}

/** Each left record with the row that the right one's records have made so far. */
export function streamTableJoined (arrivals: readonly Arrival[], kind: 'inner' | 'left'): Output[] {
  return arrivals.flatMap((record, at) => {
    const { side, key, value, timestamp } = record
    if (side === 'right' || value === null) return []
    const row = key === null ? undefined : rowOf(arrivals.slice(0, at), 'right', key)
    if (row === undefined && kind === 'inner') return []
    return [{ key: String(key), value: paired(value, row?.value ?? null), timestamp }]
  })
}

/** Every change of a row, with what the row of the other table is then. */
export function tableTableJoined (arrivals: readonly Arrival[], kind: JoinKind): Output[] {
  return arrivals.flatMap((record, at) => {
    const { side, key, value, timestamp } = record
    if (key === null) return []
    const before = arrivals.slice(0, at)
    const old = rowOf(before, side, key)
    const other = rowOf(before, side === 'left' ? 'right' : 'left', key)
    const needsOther = kind === 'inner' || (kind === 'left' && side === 'right')
    if (other === undefined && (needsOther || (value === null && old === undefined))) return []
    const [left, right] = side === 'left' ? [value, other?.value ?? null] : [other?.value ?? null, value]
    const exists = kind === 'inner' ? left !== null && right !== null : kind === 'left' ? left !== null : left !== null || right !== null
    return [{ key, value: exists ? paired(left, right) : null, timestamp: Math.max(timestamp, other?.timestamp ?? -1) }]
  })
}

/** Each left row joined with the right one whose key its value names, as they are in the end; keys that have no result are left out. */
export function foreignKeyJoined (arrivals: readonly Arrival[], kind: 'inner' | 'left', foreignKey: (value: number) => string | null): Map<string, string> {
  const results = new Map<string, string>()
  for (const key of keysOf(arrivals)) {
    const left = rowOf(arrivals, 'left', key)
    if (left === undefined) continue
    const reference = foreignKey(left.value)
    const right = reference === null ? undefined : rowOf(arrivals, 'right', reference)
    if (right !== undefined || kind === 'left') results.set(key, paired(left.value, right?.value ?? null))
  }
  return results
}

/** Sums of the rows of a table by what their values say, after each change of one: first without what was there, then with what is. */
export function groupedSums (arrivals: readonly Arrival[], groupOf: (value: number) => string, aggregate: 'sum' | 'count'): Output[] {
  const outputs: Output[] = []
  /** Of each group that was ever given out: the latest time of what changed it. */
  const times = new Map<string, number>()
  arrivals.forEach(({ key, value, timestamp }, at) => {
    if (key === null) return
    const before = arrivals.slice(0, at)
    const old = rowOf(before, 'left', key)
    const others = keysOf(before).filter(each => each !== key).flatMap(each => rowOf(before, 'left', each) ?? [])
    const give = (group: string, values: readonly number[]): void => {
      const time = Math.max(timestamp, times.get(group) ?? -1)
      times.set(group, time)
      outputs.push({ key: group, value: aggregate === 'sum' ? values.reduce((sum, each) => sum + each, 0) : values.length, timestamp: time })
    }
    const inGroup = (group: string): number[] => others.map(other => other.value).filter(each => groupOf(each) === group)
    const oldGroup = old === undefined ? undefined : groupOf(old.value)
    const newGroup = value === null ? undefined : groupOf(value)
    if (oldGroup !== undefined && oldGroup !== newGroup) give(oldGroup, inGroup(oldGroup))
    if (newGroup !== undefined && value !== null) give(newGroup, [...inGroup(newGroup), value])
  })
  return outputs
}

function rowOf (arrivals: readonly Arrival[], side: Side, key: string): { readonly value: number, readonly timestamp: number } | undefined {
  const last = arrivals.findLast(each => each.side === side && each.key === key)
  return last === undefined || last.value === null ? undefined : { value: last.value, timestamp: last.timestamp }
}

function keysOf (arrivals: readonly Arrival[]): string[] {
  return [...new Set(arrivals.flatMap(({ key }) => key ?? []))]
}
