import type { Change } from '../../streams/graph/change.ts'
import type { StreamRecord } from '../../streams/graph/record.ts'
import type { Serde } from '../../streams/serdes/serde.ts'
import type { Wire } from '../../streams/graph/wire.ts'
import { printWindowed, type Windowed } from '../../streams/windows/windowed.ts'
import { openOperatorBench, type OperatorBench } from './operator.ts'

/** A key as it is printed, the new value, its timestamp. */
export type Output = readonly [key: string, value: unknown, timestamp: number]

export interface OperatorUnderTest {
  readonly bench: OperatorBench
  /** What one record made go on. */
  readonly pipe: (key: string | null, value: string | null, timestamp: number) => readonly Output[]
  /** What went on since the last record, as changes. */
  readonly changes: () => readonly Change<unknown>[]
}

/** One operator that aggregates, by itself. */
export function openOperator<K extends string | Windowed<string>, V, A> (
  wire: Wire<string | null, V, K, Change<A>>, { bench = openOperatorBench(), name = 'aggregate' }: { readonly bench?: OperatorBench, readonly name?: string } = {}
): OperatorUnderTest {
  let outputs: StreamRecord<K, Change<A>>[] = []
  // The bench hands on what the test pipes in, and that is typed here.
  const input = wire(bench.execution, bench.node(name), record => { outputs.push(record) }) as (record: StreamRecord<unknown, unknown>) => void
  return {
    bench,
    pipe (key, value, timestamp) {
      outputs = []
      bench.run(input, { key, value, timestamp })
      return outputs.map(output)
    },
    changes: () => outputs.map(({ value }) => value)
  }
}

export function output ({ key, value, timestamp }: StreamRecord<string | Windowed<string>, Change<unknown>>): Output {
  return [typeof key === 'string' ? key : printWindowed(key), value.newValue, timestamp]
}

/** `0+1+2`: shows what was aggregated, and in which order. */
export const adding = {
  initializer: () => '0',
  aggregator: (aggregate: string, value: string | null) => `${aggregate}+${value}`,
  merger: (aggregate: string, other: string) => `${aggregate}+${other}`
}

export const numbers: Serde<number> = { name: 'numbers', decode: bytes => Number(bytes), encode: value => Buffer.from(String(value)) }
