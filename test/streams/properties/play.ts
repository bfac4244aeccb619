import assert from 'node:assert/strict'
import fc from 'fast-check'
import { defineTopic, serdes, type OutgoingRecord, type Stream, type Topology } from '../../../streams/index.ts'
import { partitionFor } from '../../../streams/log/partitioner.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import type { State } from '../../../streams/state/state.ts'
import type { Milestone } from '../../../streams/task/committer.ts'
import { SOURCE_HEADER } from '../../../streams/task/unit-stamp.ts'
import { Application } from '../../../streams/testing/application.ts'
import { DriverLog } from '../../../streams/testing/driver-log.ts'
import { VirtualClock } from '../../../streams/testing/virtual-clock.ts'

export type Side = 'left' | 'right'

/** A record as it is piped, or as it came to an operator. */
export interface Arrival {
  readonly side: Side
  readonly key: string | null
  readonly value: number | null
  readonly timestamp: number
  readonly partition: number
}

/** What an operator gave out; the key of a window has its bounds in it. */
export interface Output {
  readonly key: string
  readonly value: string | number | null
  readonly timestamp: number
}

export type Step =
  | { readonly kind: 'records', readonly records: readonly Sent[] }
  | { readonly kind: 'crash', readonly at: Milestone }
  | { readonly kind: 'restart' | 'rebalance' }

export interface Sent {
  readonly side: Side
  readonly key: string | null
  readonly value: number | null
  readonly timestamp: number
  /** How often it comes, one behind the other. */
  readonly times: number
  /** Where the topic is not partitioned by key. */
  readonly partition: number
  /** Keeps its own time also where times grow. */
  readonly isStray: boolean
}

export interface Play {
  readonly steps: readonly Step[]
  readonly partitions: number
  readonly maxUnitRecords: number
  /** Whether each record is run twice. */
  readonly debug: boolean
  /** Whether records come to other partitions than that of their key, and are brought there by a repartition topic. */
  readonly repartitioned: boolean
  /** What all times of the play are multiplied with: only long ones make stores let go of what they hold. */
  readonly unitMs: number
}

export const topics = {
  left: defineTopic({ name: 'left', key: serdes.string, value: serdes.int }),
  right: defineTopic({ name: 'right', key: serdes.string, value: serdes.int }),
  /** What came to the operator. */
  seen: defineTopic({ name: 'seen', key: serdes.string, value: serdes.int }),
  out: defineTopic({ name: 'out', key: serdes.string, value: serdes.string })
}

const sent: fc.Arbitrary<Sent> = fc.record({
  side: fc.constantFrom('left', 'right'),
  key: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c') }, { weight: 1, arbitrary: fc.constant(null) }),
  value: fc.oneof({ weight: 8, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constant(null) }),
  timestamp: fc.oneof({ weight: 12, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(300) }),
  times: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
  partition: fc.nat(2),
  isStray: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('records'), records: fc.array(sent, { minLength: 1, maxLength: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash'), at: fc.constantFrom<Milestone[]>('inserted', 'claimed', 'produced', 'written') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart', 'rebalance') }) }
)

const steps = fc.array(step, { minLength: 2, maxLength: 14, size: 'max' })

export const play: fc.Arbitrary<Play> = fc.record({
  steps: fc.oneof(steps, steps.map(growing)),
  partitions: fc.integer({ min: 1, max: 3 }),
  maxUnitRecords: fc.integer({ min: 1, max: 10 }),
  debug: fc.boolean(),
  repartitioned: fc.boolean(),
  unitMs: fc.constantFrom(1, 1, 1, 10_000)
})

/** The same times in their order: windows close one by one, and few records are late. */
function growing (steps: readonly Step[]): Step[] {
  const times = steps.flatMap(step => step.kind === 'records' ? step.records : []).flatMap(({ timestamp, isStray }) => isStray ? [] : timestamp).sort((a, b) => b - a)
  return steps.map(step => step.kind === 'records'
    ? { ...step, records: step.records.map(sent => sent.isStray ? sent : { ...sent, timestamp: times.pop() ?? sent.timestamp }) }
    : step)
}

/** Notes what comes to an operator, as it comes. */
export function noteArrivals (side: Side, stream: Stream<string | null, number | null>): void {
  stream.map((value, key) => [`${side} ${key ?? ''}`, value], { key: serdes.string, value: serdes.int }).to(topics.seen)
}

export function noteOutputs (outputs: Stream<string, string | number | null>): void {
  outputs.mapValues(value => value === null ? null : JSON.stringify(value), { value: serdes.string }).to(topics.out)
}

export interface Performance {
  readonly piped: readonly Arrival[]
  /** Both as committed units have left them, in this order. */
  readonly arrived: readonly Arrival[]
  readonly outputs: readonly Output[]
  /** All that the sink holds, what was written twice once. */
  readonly sunk: readonly Output[]
}

/** Runs a topology through a play. */
export async function perform (topology: Topology, { steps, partitions, maxUnitRecords, debug, repartitioned, unitMs }: Play, oneByOne: boolean): Promise<Performance> {
  const clock = new VirtualClock(0)
  const log = new WatchedLog(clock.now)
  const application = new Application({ topology, applicationId: 'test', log, state: log.watch(openMemoryState()), clock, maxUnitRecords, partitionsOf: () => partitions, committed: () => {}, skipped: () => {}, debug })
  const piped: Arrival[] = []
  const read = new Set<string>(topology.sources.flatMap(({ topics }) => topics.map(({ name }) => name)))
  await application.engine()
  for (const step of steps) {
    switch (step.kind) {
      case 'crash': application.crashAt(step.at); break
      case 'restart': application.restart(); break
      case 'rebalance': await application.rebalance(); break
      case 'records':
        for (const sent of step.records.filter(({ side }) => read.has(side))) {
          // Where a record without one comes to behind a repartition topic nobody promises.
          const key = repartitioned ? sent.key ?? 'a' : sent.key
          const arrival = { side: sent.side, key, value: sent.value, timestamp: sent.timestamp * unitMs, partition: partitionOf(key, partitions) }
          for (let times = 0; times < sent.times; times++) {
            piped.push(arrival)
            log.append([{
              topic: sent.side,
              key: key === null ? null : serdes.string.encode(key),
              value: sent.value === null ? null : serdes.int.encode(sent.value),
              headers: [],
              timestamp: arrival.timestamp,
              partition: repartitioned ? sent.partition % partitions : arrival.partition
            }])
            if (oneByOne) await application.settle()
          }
        }
        await application.settle()
    }
  }
  const sunk = new Map<string, Output>()
  for (const record of log.recordsOf(topics.out.name)) {
    const source = record.headers.find(([name]) => name === SOURCE_HEADER)?.[1]?.toString()
    assert.ok(source !== undefined, 'a record of a sink says where it comes from')
    const output = outputOf(record)
    const known = sunk.get(source)
    if (known === undefined || repartitioned) sunk.set(source, output)
    else assert.deepEqual(output, known, 'what is written again is written as before')
  }
  return {
    piped,
    arrived: log.committed.filter(({ topic }) => topic === topics.seen.name).map(record => arrivalOf(record, partitions)),
    outputs: log.committed.filter(({ topic }) => topic === topics.out.name).map(outputOf),
    sunk: [...sunk.values()]
  }
}

/** Knows which of its records are of units that were committed: a crash leaves others. */
class WatchedLog extends DriverLog {
  readonly committed: OutgoingRecord[] = []
  #pending: OutgoingRecord[] = []

  override append (records: readonly OutgoingRecord[]): void {
    super.append(records)
    this.#pending.push(...records)
  }

  watch (state: State): State {
    return {
      ...state,
      begin: async () => {
        this.#pending = []
        const unit = await state.begin()
        return {
          ...unit,
          write: async (writes, applied) => {
            const written = await unit.write(writes, applied)
            if (written.outcome === 'committed') this.committed.push(...this.#pending)
            return written
          }
        }
      }
    }
  }
}

function arrivalOf ({ key, value, timestamp = -1 }: OutgoingRecord, partitions: number): Arrival {
  const [side, name] = String(key).split(' ')
  assert.ok(side === 'left' || side === 'right')
  const plain = name === undefined || name === '' ? null : name
  return { side, key: plain, value: value === null ? null : serdes.int.decode(value), timestamp, partition: partitionOf(plain, partitions) }
}

function outputOf ({ key, value, timestamp = -1 }: Pick<OutgoingRecord, 'key' | 'value' | 'timestamp'>): Output {
  return { key: String(key), value: value === null ? null : JSON.parse(value.toString()) as string | number, timestamp }
}

/** Records without a key go to the first one. */
function partitionOf (key: string | null, partitions: number): number {
  return key === null ? 0 : partitionFor(Buffer.from(key), partitions)
}
