import type { JoinBounds } from '../../stores/join-window.ts'
import { openUnmatched, type Unmatched, type UnmatchedEntry, type UnmatchedValues } from '../../stores/unmatched.ts'
import type { Execution, TaskTime } from '../execution.ts'
import type { Forward, StreamRecord } from '../record.ts'

/** The records of a left or outer join that have not found a match, seen from one of its two nodes. */
export interface WaitingForMatch<K, L, R> {
  /** Both nodes move one stream time on. */
  readonly advance: (timestamp: number) => void
  readonly streamTime: () => number
  readonly add: (key: K, timestamp: number, values: UnmatchedValues<L, R>) => void
  readonly match: (key: K, timestamp: number, side: 'left' | 'right') => void
  /** Gives out alone what no record that is still to come can match; behind the record that moved the stream time. */
  readonly release: (mover: StreamRecord) => void
}

export interface WaitingOptions<K, L, R, Out> {
  readonly bounds: JoinBounds
  /** How far behind its own time this node's side looks for a match. */
  readonly afterMs: number
  readonly unmatched: Unmatched<K, L, R>
  readonly bothSides: boolean
  readonly joiner: (left: L | null, right: R | null, key: K) => Out
}

const NOTHING = -1

export function openWaitingForMatch<K, L, R, Out> (execution: Execution, forward: Forward<K, Out>, options: WaitingOptions<K, L, R, Out>): WaitingForMatch<K, L, R> {
  const { bounds, afterMs, unmatched, bothSides, joiner } = options
  const { name } = unmatched.ordered
  const streamTime = execution.time(`${name}:time`)
  // Where the last look ended, or the oldest record since: until its window closes, nobody looks again. Kafka Streams
  // tells by the record at which it stopped, though older ones may wait before it: they come out with that one.
  const lookedTo = execution.time(`${name}:looked-to`)
  const store = openUnmatched(execution, unmatched)

  const isOpen = ({ timestamp, of: { side } }: UnmatchedEntry<L, R>) =>
    timestamp + (side === 'left' ? bounds.afterMs : bounds.beforeMs) + bounds.graceMs >= streamTime.get()

  const giveOut = (entry: UnmatchedEntry<L, R>, { headers }: StreamRecord) => {
    const { of, timestamp } = entry
    const key = store.keyOf(entry)
    const joined = of.side === 'left' ? of.values.map(left => joiner(left, null, key)) : of.values.map(right => joiner(null, right, key))
    for (const value of joined) forward({ key, value, timestamp, headers })
    store.remove(entry)
  }

  /** What is due. Oldest first; it ends behind the first open record of each side, where all that follow are open. */
  const look = () => {
    const due = []
    const open = { left: false, right: !bothSides }
    lookedTo.set(NOTHING)
    for (const entry of store.oldestFirst()) {
      lookedTo.set(entry.timestamp)
      if (bothSides && open.left && open.right) break
      if (!isOpen(entry)) {
        due.push(entry)
        continue
      }
      open[entry.of.side] = true
      if (!bothSides) {
        lookedTo.set(store.newest()?.timestamp ?? entry.timestamp)
        break
      }
      // Records of one side, key and time are one entry; behind the first of them comes the second.
      if (open.left && open.right && entry.of.values.length > 1) break
    }
    return due
  }

  return {
    advance: timestamp => raise(streamTime, timestamp),
    streamTime: streamTime.get,
    add (key, timestamp, values) {
      if (lookedTo.get() === NOTHING || timestamp < lookedTo.get()) lookedTo.set(timestamp)
      store.add(key, timestamp, values)
    },
    match: store.match,
    release (mover) {
      if (mover.timestamp !== streamTime.get() || lookedTo.get() === NOTHING) return
      if (lookedTo.get() + afterMs + bounds.graceMs >= streamTime.get()) return
      for (const entry of look()) giveOut(entry, mover)
    }
  }
}

function raise (time: TaskTime, to: number): void {
  if (to > time.get()) time.set(to)
}
