import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Topology } from '../graph/topology.ts'
import { PAUSE_KINDS, type Pauses } from '../pauses.ts'
import type { Dependency } from '../resilience/dependency.ts'
import type { Committed } from '../task/committer.ts'
import type { Reads } from '../task/stores/store-state.ts'
import type { Task } from '../task/task.ts'
import { OUT, type Unit } from '../task/unit.ts'
import type { WorkerObserver } from './worker.ts'

/** The engine's metrics, counted when a unit closes: a record that is run again is counted once. Labels are names from the topology, and kinds of pauses. */
export function observeMetrics (topology: Topology, pauses: Pauses, registers: readonly Registry[]): WorkerObserver {
  const options = { registers: [...registers] }
  const reached = new Counter({ name: 'millrace_node_records_in_total', help: 'Records that reached a node.', labelNames: ['node'], ...options })
  const forwarded = new Counter({ name: 'millrace_node_records_out_total', help: 'Records that a node handed on.', labelNames: ['node'], ...options })
  const dropped = new Counter({ name: 'millrace_dropped_records_total', help: 'Records that a node dropped on purpose.', labelNames: ['node', 'reason'], ...options })
  const deadLetters = new Counter({ name: 'millrace_dead_letters_total', help: 'Records sent to the dead letters.', labelNames: ['source_topic'], ...options })
  const emitted = new Counter({ name: 'millrace_emitted_records_total', help: 'Records written to a topic.', labelNames: ['topic'], ...options })
  const unitRecords = new Histogram({ name: 'millrace_unit_records', help: 'Records per commit unit.', buckets: [1, 10, 50, 100, 500, 1000, 2000, 5000], ...options })
  const steps = new Histogram({
    name: 'millrace_unit_step_seconds', help: 'Duration of the steps of a commit unit.', labelNames: ['step'], buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5], ...options
  })
  const skipped = new Counter({ name: 'millrace_skipped_offsets_total', help: 'Offsets passed over unprocessed, because retention had deleted them or what stood before.', labelNames: ['topic', 'partition'], ...options })
  observePauses(pauses, options.registers)
  const calls = new Histogram({
    name: 'millrace_call_seconds', help: 'Duration of calls to something outside.', labelNames: ['node', 'outcome'], buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60], ...options
  })
  const breakers = new Gauge({ name: 'millrace_breaker_state', help: 'Of a dependency: 0 closed, 1 half-open, 2 open.', labelNames: ['dependency'], ...options })
  for (const { name } of dependenciesOf(topology)) breakers.set({ dependency: name }, 0)
  const [into, out] = [new Uint32Array(topology.nodes.length), new Uint32Array(topology.nodes.length)]
  let tasks: readonly Task[] = []
  let reads: ReadonlyMap<string, Readonly<Reads>> = new Map()
  const perStore = (name: string, help: string, of: (reads: Readonly<Reads>) => number): void => {
    const gauge: Gauge = new Gauge({
      name, help, labelNames: ['store'], ...options, collect () { for (const [store, each] of reads) gauge.set({ store }, of(each)) }
    })
  }
  perStore('millrace_store_lookups', 'Keys that processors looked up since the start.', ({ lookups }) => lookups)
  perStore('millrace_store_loaded_keys', 'Keys loaded from the database since the start; the other look-ups were answered from memory.', ({ loadedKeys }) => loadedKeys)
  const perPartition = (name: string, help: string, of: (task: Task, topic: string) => number | undefined): Gauge => {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ['topic', 'partition'],
      ...options,
      collect () {
        gauge.reset()
        for (const task of tasks) {
          for (const { topic } of task.queues) {
            const value = of(task, topic)
            if (value !== undefined) gauge.set({ topic, partition: task.partition }, value)
          }
        }
      }
    })
    return gauge
  }
  perPartition('millrace_partition_offset', 'Offset of the next record to process.', (task, topic) => task.position.offsets[topic])
  perPartition('millrace_partition_lag_records', 'Records on the broker that are not processed.', (task, topic) => task.lagOf(topic))
  perPartition('millrace_partition_lag_ms', 'Age of the oldest record that waits to be processed.', (task, topic) => task.lagMsOf(topic, Date.now()))
  perPartition('millrace_partition_calls', 'Records of the task that are being called for or wait for their turn.', ({ calls }) => calls?.size)
  perPartition('millrace_partition_parked_records', 'Records of the task that are parked for another attempt, and those behind them.', ({ calls }) => calls?.parking.size)
  perPartition('millrace_partition_stream_time_ms', 'Largest timestamp processed.', task => task.position.streamTime)

  return {
    assigned (assigned, counted) {
      tasks = assigned
      reads = counted
    },
    called ({ node, outcome, ms }) { calls.observe({ node, outcome }, ms / 1_000) },
    breakerChanged ({ name, to }) { breakers.set({ dependency: name }, BREAKER_STATES[to]) },
    skipped ({ topic, partition, from, to }) { skipped.inc({ topic, partition }, to - from) },
    committed (unit: Unit, { steps: durations }: Committed) {
      unitRecords.observe(unit.items.length)
      for (const [step, seconds] of Object.entries(durations)) steps.observe({ step }, seconds)
      tally(unit.trace, into, out)
      for (const [index, { name: node }] of topology.nodes.entries()) {
        if (into[index] !== 0) reached.inc({ node }, into[index])
        if (out[index] !== 0) forwarded.inc({ node }, out[index])
      }
      for (const { node, reason } of unit.drops) dropped.inc({ node: node.name, reason })
      for (const { item, record, isDeadLetter } of unit.emissions) {
        emitted.inc({ topic: record.topic })
        if (isDeadLetter) deadLetters.inc({ source_topic: item.record?.topic ?? '' })
      }
    }
  }
}

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const

/** What a topology's nodes need, once each. */
function dependenciesOf ({ nodes }: Topology): Dependency[] {
  return [...new Map(nodes.flatMap(({ calls }) => calls?.processor.needs ?? []).map(dependency => [dependency.name, dependency])).values()]
}

function observePauses (pauses: Pauses, registers: Registry[]): void {
  const gauge = (name: string, help: string, value: () => number): Gauge => new Gauge({ name, help, registers, collect () { this.set(value()) } })
  gauge('millrace_waiting', '1 while records wait for something.', () => pauses.holdingRecords() === undefined ? 0 : 1)
  gauge('millrace_stuck_partitions', 'Partitions that have records and have not advanced for too long.', () => pauses.of('stuck')?.about.length ?? 0)
  const kinds: Gauge = new Gauge({
    name: 'millrace_pause',
    help: '1 while the worker waits for this.',
    labelNames: ['kind'],
    registers,
    collect () {
      for (const kind of Object.keys(PAUSE_KINDS)) kinds.set({ kind }, 0)
      for (const { kind } of pauses.list()) kinds.set({ kind }, 1)
    }
  })
}

/** A record passes a dozen nodes: there are tens of thousands of indexes in a unit. */
function tally (trace: readonly number[], into: Uint32Array, out: Uint32Array): void {
  into.fill(0)
  out.fill(0)
  for (let at = 0; at < trace.length; at++) {
    const index = trace[at] ?? 0
    if (index < OUT) countOne(into, index)
    else countOne(out, index - OUT)
  }
}

function countOne (counts: Uint32Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1
}
