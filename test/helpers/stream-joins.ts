import type { Forward, StreamRecord } from '../../streams/graph/record.ts'
import { text } from '../../streams/serdes/text.ts'
import type { Serde } from '../../streams/serdes/serde.ts'
import type { Wire } from '../../streams/graph/wire.ts'
import { joinMerge, joinOther, joinThis, type StreamJoiner } from '../../streams/graph/operators/stream-stream-join.ts'
import { joinWindowed } from '../../streams/graph/operators/join-windowed.ts'
import { streamSelfJoin } from '../../streams/graph/operators/stream-self-join.ts'
import { defineJoinWindow, type JoinBounds } from '../../streams/stores/join-window.ts'
import { defineUnmatched } from '../../streams/stores/unmatched.ts'
import { openOperatorBench, type OperatorBench } from './operator.ts'

export type Kind = 'join' | 'leftJoin' | 'outerJoin'
/** With the headers' names behind, where there are headers. */
export type Out = readonly [key: unknown, value: unknown, timestamp: number, ...headers: string[]]

export interface BenchedJoin {
  readonly bench: OperatorBench
  /** Pipes one record and gives what came out of it. */
  readonly pipe: (side: 'left' | 'right', key: string | null, value: string | null, timestamp: number, headers?: StreamRecord['headers']) => readonly Out[]
}

export const plus = (left: string | null, right: string | null) => `${left}+${right}`

/** The nodes of a join of two streams, wired as Kafka Streams wires them. */
export function benchJoin (kind: Kind, bounds: JoinBounds, joiner: StreamJoiner<string, string, string, string> = plus, key: Serde<string> = text): BenchedJoin {
  const bench = openOperatorBench()
  const left = defineJoinWindow({ name: 'left', key, value: text, bounds })
  const right = defineJoinWindow({ name: 'right', key, value: text, bounds })
  const unmatched = kind === 'join' ? undefined : defineUnmatched({ name: 'unmatched', key, left: text, right: text })
  const join = { bounds, joiner, left, right, unmatched, rightOuter: kind === 'outerJoin' }
  const { capture, collected } = collector()
  const merged = wire(bench, joinMerge<string | null, string>(), 'merge', capture)
  return piping(bench, collected, {
    left: wire(bench, joinWindowed(left), 'this-windowed', wire(bench, joinThis(join), 'this', merged)),
    right: wire(bench, joinWindowed(right), 'other-windowed', wire(bench, joinOther(join), 'other', merged))
  })
}

export function benchSelfJoin (bounds: JoinBounds, joiner = plus, key: Serde<string> = text): BenchedJoin {
  const bench = openOperatorBench()
  const window = defineJoinWindow({ name: 'left', key, value: text, bounds })
  const { capture, collected } = collector()
  const input = wire(bench, joinWindowed(window), 'windowed', wire(bench, streamSelfJoin({ bounds, joiner, window }), 'self', capture))
  return piping(bench, collected, { left: input, right: input })
}

export function wire<K, V, K2, V2> (bench: OperatorBench, wired: Wire<K, V, K2, V2>, name: string, forward: Forward<K2, V2>): Forward<K, V> {
  return wired(bench.execution, bench.node(name), forward)
}

/** What came to the end of the line since it was last asked. */
export function collector (): { readonly capture: (record: StreamRecord) => void, readonly collected: () => readonly Out[] } {
  let outs: Out[] = []
  return {
    capture: ({ key, value, timestamp, headers }) => { outs.push([key, value, timestamp, ...headers.map(([name]) => name)]) },
    collected () {
      const taken = outs
      outs = []
      return taken
    }
  }
}

function piping (bench: OperatorBench, collected: () => readonly Out[], inputs: Record<'left' | 'right', Forward<string | null, string | null>>): BenchedJoin {
  return {
    bench,
    pipe (side, key, value, timestamp, headers = []) {
      bench.run(() => inputs[side]({ key, value, timestamp, headers }), { key, value, timestamp })
      return collected()
    }
  }
}
