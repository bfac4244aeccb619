import type { Arrival, Output } from './play.ts'

/**
 * Windowed aggregates of one partition, computed the slow way: all records are kept in lists, and every window is computed from its
 * records anew each time.
 */

/** Of Kafka Streams' stores. */
const LEAST_SEGMENT_MS = 60_000

export interface WindowRules {
  readonly graceMs: number
  readonly onClose: boolean
  /** Of the values of a window, in the order in which they came. */
  readonly aggregate: (values: readonly (number | null)[]) => number
}

type Keyed = Arrival & { readonly key: string }

/** Starts at multiples of the advance, ends before start + size. */
export function timeWindowed (arrivals: readonly Arrival[], { sizeMs, advanceMs, graceMs, onClose, aggregate }: WindowRules & { readonly sizeMs: number, readonly advanceMs: number }): Output[] {
  const outputs: Output[] = []
  const accepted: { readonly record: Keyed, readonly start: number }[] = []
  const emitted = new Set<string>()
  let streamTime = -1
  const outputOf = (key: string, start: number): Output => {
    const records = accepted.filter(each => each.record.key === key && each.start === start).map(({ record }) => record)
    return { key: windowKey(key, start, start + sizeMs), value: aggregate(records.map(({ value }) => value)), timestamp: latest(records) }
  }
  for (const record of arrivals) {
    if (!isKeyed(record)) continue
    streamTime = Math.max(streamTime, record.timestamp)
    const closeTime = streamTime - graceMs
    for (let start = 0; start <= record.timestamp; start += advanceMs) {
      const end = start + sizeMs
      if (end <= record.timestamp || end <= closeTime) continue
      accepted.push({ record, start })
      if (!onClose) outputs.push(outputOf(record.key, start))
    }
    if (!onClose) continue
    for (const { record: { key }, start } of [...accepted].sort((a, b) => a.start - b.start)) {
      const output = outputOf(key, start)
      if (start + sizeMs > closeTime || emitted.has(output.key)) continue
      emitted.add(output.key)
      if (isKept(start, accepted.map(each => each.start), sizeMs + graceMs)) outputs.push(output)
    }
  }
  return outputs
}

/**
 * Both ends inclusive. A window ends at each record, and one begins behind it as soon as something is in there. undefined: a record
 * came for which some of its windows were closed and others not; what Kafka Streams then knows of it depends on which windows there are.
 */
export function slidingWindowed (arrivals: readonly Arrival[], { differenceMs, graceMs, onClose, aggregate }: WindowRules & { readonly differenceMs: number }): Output[] | undefined {
  const outputs: Output[] = []
  const accepted: Keyed[] = []
  /** Windows that were given out, or on close: that exist; by key and start. */
  const known = new Map<string, { readonly key: string, readonly start: number, isEmitted: boolean }>()
  let streamTime = -1
  const recordsIn = (key: string, start: number): Keyed[] => accepted.filter(each => each.key === key && each.timestamp >= start && each.timestamp <= start + differenceMs)
  const outputOf = (key: string, start: number): Output => {
    const records = recordsIn(key, start)
    return { key: windowKey(key, start, start + differenceMs), value: aggregate(records.map(({ value }) => value)), timestamp: latest(records) }
  }
  for (const record of arrivals) {
    if (!isKeyed(record) || record.value === null) continue
    const { key, timestamp } = record
    streamTime = Math.max(streamTime, timestamp)
    const closeTime = streamTime - graceMs
    // Even the last window that could hold it is closed.
    if (timestamp + differenceMs < closeTime) continue
    if (timestamp < closeTime) return undefined
    accepted.push(record)
    const own = accepted.filter(each => each.key === key)
    const starts = new Set(own.flatMap(each => [Math.max(0, each.timestamp - differenceMs), each.timestamp + 1]))
    for (const start of starts) {
      const name = windowKey(key, start, start + differenceMs)
      const holdsRecord = start <= timestamp && timestamp <= start + differenceMs
      if (recordsIn(key, start).length === 0 || start + differenceMs < closeTime) continue
      if (known.has(name) && !holdsRecord) continue
      const window = known.get(name) ?? { key, start, isEmitted: false }
      known.set(name, window)
      if (!onClose) outputs.push(outputOf(key, start))
    }
    if (!onClose) continue
    for (const window of known.values()) {
      if (window.start + differenceMs >= closeTime || window.isEmitted) continue
      window.isEmitted = true
      if (isKept(window.start, [...known.values()].map(({ start }) => start), 2 * differenceMs + graceMs)) outputs.push(outputOf(window.key, window.start))
    }
  }
  return outputs
}

/** Records of a key that are no further apart than the gap are one session; both ends inclusive. */
export function sessionWindowed (arrivals: readonly Arrival[], { gapMs, graceMs, onClose, aggregate }: WindowRules & { readonly gapMs: number }): Output[] {
  const outputs: Output[] = []
  let sessions: { readonly key: string, readonly start: number, readonly end: number, readonly values: readonly (number | null)[] }[] = []
  let streamTime = -1
  let latestEnd = -1
  const segmentMs = Math.max((gapMs + graceMs) / 2, LEAST_SEGMENT_MS)
  for (const record of arrivals) {
    if (!isKeyed(record)) continue
    const { key, timestamp } = record
    streamTime = Math.max(streamTime, timestamp)
    const closeTime = streamTime - graceMs - gapMs
    // What is as old as the store keeps it is no longer found, though it may not be closed.
    const isNear = (session: { readonly key: string, readonly start: number, readonly end: number }): boolean =>
      session.key === key && session.end > latestEnd - gapMs - graceMs && session.start <= timestamp + gapMs && session.end >= timestamp - gapMs
    const near = sessions.filter(isNear)
    const merged = {
      key,
      start: Math.min(timestamp, ...near.map(({ start }) => start)),
      end: Math.max(timestamp, ...near.map(({ end }) => end)),
      values: [...near.flatMap(({ values }) => values), record.value]
    }
    if (merged.end >= closeTime) {
      if (!onClose && merged.start !== merged.end) for (const { start, end } of near) outputs.push({ key: windowKey(key, start, end), value: null, timestamp: end })
      // One that is no longer found may be there all the same, and is written over.
      const isWrittenOver = (session: { readonly key: string, readonly start: number, readonly end: number }): boolean => session.key === key && session.start === merged.start && session.end === merged.end
      sessions = [...sessions.filter(session => !near.includes(session) && !isWrittenOver(session)), merged]
      latestEnd = Math.max(latestEnd, merged.end)
      if (!onClose) outputs.push({ key: windowKey(key, merged.start, merged.end), value: aggregate(merged.values), timestamp: merged.end })
    }
    const closed = sessions.filter(({ end }) => end < closeTime)
    sessions = sessions.filter(({ end }) => end >= closeTime)
    // What is in segments that the store has let go of is not given out any more.
    const kept = closed.filter(({ end }) => Math.floor(end / segmentMs) >= Math.floor((latestEnd - gapMs - graceMs) / segmentMs))
    if (onClose) outputs.push(...kept.map(({ key, start, end, values }) => ({ key: windowKey(key, start, end), value: aggregate(values), timestamp: end })))
  }
  return outputs
}

/** Of what a windowed aggregate gave out, the last of each window, once it is over. */
export function suppressedUntilClose (updates: readonly (Output & { readonly end: number })[], graceMs: number): Output[] {
  const outputs: Output[] = []
  const held = new Map<string, Output & { readonly end: number }>()
  let streamTime = -1
  for (const update of updates) {
    streamTime = Math.max(streamTime, update.timestamp)
    held.set(update.key, update)
    for (const [name, { end, ...output }] of held) {
      if (end + graceMs > streamTime) continue
      held.delete(name)
      if (output.value !== null) outputs.push(output)
    }
  }
  return outputs
}

export function windowKey (key: string, start: number, end: number): string {
  return `${key}@${start}/${end}`
}

/** Whether the store still has a window when it closes: as in Kafka Streams, a long jump of time makes it let go of windows that nobody has seen. */
function isKept (start: number, starts: readonly number[], keptMs: number): boolean {
  return start >= Math.max(...starts) - keptMs
}

function isKeyed (record: Arrival): record is Keyed {
  return record.key !== null
}

function latest (records: readonly Arrival[]): number {
  return Math.max(...records.map(({ timestamp }) => timestamp))
}
