import { defineTopic, defineTopology, serdes, type LogRecord, type Topology } from '../streams/index.ts'
import { openMemoryState } from '../streams/state/memory-state.ts'
import type { Item } from '../streams/task/item.ts'
import { StoreStates } from '../streams/task/stores/store-states.ts'
import { Task } from '../streams/task/task.ts'
import { UnitRunner } from '../streams/task/unit.ts'
import type { LocalBenchmark } from './lib/benchmark.ts'
import { median, round } from './lib/statistics.ts'

const clicks = defineTopic({ name: 'clicks', key: serdes.string, value: serdes.int })
const large = defineTopic({ name: 'large', key: serdes.string, value: serdes.int })

const chain = defineTopology('chain', ({ stream }) => {
  stream(clicks).filter(value => value !== null).mapValues(value => (value ?? 0) + 1).filter(value => value > 0).foreach(() => {})
})

const chainToTopic = defineTopology('chain-to-topic', ({ stream }) => {
  stream(clicks).filter(value => value !== null).mapValues(value => (value ?? 0) + 1, { value: serdes.int }).filter(value => value > 0).to(large)
})

const counted = defineTopology('counted', ({ stream }) => {
  stream(clicks).groupByKey().count({ store: { name: 'clicks_by_key' } })
})

interface Subject {
  readonly name: string
  readonly topology: Topology
  /** What it may cost, in µs a record. */
  readonly most: number
}

const subjects: readonly Subject[] = [
  { name: 'stateless chain of five nodes', topology: chain, most: 1.5 },
  { name: 'the same, the last one a sink that encodes', topology: chainToTopic, most: 1.5 },
  { name: 'count of a key that is in the cache', topology: counted, most: 3 }
]

const KEYS = 1_000
const UNIT_RECORDS = 500
const WARM_UNITS = 400
const ROUND_UNITS = 100
const ROUNDS = 15

/** What the graph costs alone: records are decoded already, keys are in the cache, and the commit is not counted. */
export const graph: LocalBenchmark = {
  name: 'graph',
  runLocally: async ({ say }) => {
    const measured = []
    for (const subject of subjects) {
      const result = { ...subject, ...await measure(subject.topology) }
      measured.push(result)
      say(`${result.name}: ${result.median} µs a record (fastest round ${result.fastest}), at most ${result.most} is wanted`)
    }
    return {
      // Nothing is compared here: whether it is as wanted depends on the machine.
      correct: true,
      mistakes: [],
      numbers: measured.map(({ name, median, fastest, most }) => ({ name, median, fastest, most })),
      tables: [{
        title: 'Graph: one record through the nodes, on one core',
        rows: [['nodes', 'median', 'fastest round', 'wanted'], ...measured.map(({ name, median, fastest, most }) => [name, `${median} µs`, `${fastest} µs`, `below ${most} µs`])],
        notes: [
          `CPU time of the thread, over ${ROUNDS} rounds of ${ROUND_UNITS} units of ${UNIT_RECORDS} records over ${KEYS} keys. Records are decoded before; the unit is closed within the measured part, sealed and committed outside of it.`
        ]
      }]
    }
  }
}

async function measure (topology: Topology): Promise<{ readonly median: number, readonly fastest: number }> {
  const state = openMemoryState()
  const stores = new StoreStates(topology.stores)
  const runner = new UnitRunner({ topology, applicationId: 'bench', stores, now: () => 0, maxRecordBytes: 900_000 })
  const [subTopology] = topology.subTopologies
  if (subTopology === undefined) throw new TypeError(`Topology '${topology.name}' has no sub-topology.`)
  const task = new Task(subTopology, { subTopology: subTopology.name, partition: 0, epoch: 1, unit: 0, offsets: {}, streamTime: -1, finished: {}, times: {} }, subTopology.topics, 1)
  let offset = 0

  const unit = async (): Promise<number> => {
    const items = Array.from({ length: UNIT_RECORDS }, () => itemAt(offset++, task))
    const begun = process.threadCpuUsage()
    for (const item of items) {
      while (!runner.run(item)) {
        const wanted = stores.takeMissing()
        stores.accept(await state.load(wanted), wanted)
      }
    }
    runner.close()
    const { user, system } = process.threadCpuUsage(begun)
    stores.seal()
    stores.committed([])
    return user + system
  }
  const roundOf = async (units: number): Promise<number> => {
    let micros = 0
    for (let count = 0; count < units; count++) micros += await unit()
    return micros / units / UNIT_RECORDS
  }
  await roundOf(WARM_UNITS)
  const rounds: number[] = []
  for (let count = 0; count < ROUNDS; count++) rounds.push(await roundOf(ROUND_UNITS))
  return { median: round(median(rounds), 2), fastest: round(Math.min(...rounds), 2) }
}

function itemAt (offset: number, task: Task): Item {
  const key = `key-${offset % KEYS}`
  const record: LogRecord = { topic: clicks.name, partition: 0, offset, timestamp: 1_700_000_000_000 + offset, key: Buffer.from(key), value: null, headers: [] }
  return {
    task,
    record,
    nextOffset: offset + 1,
    readFrom: { topic: clicks.name, offset },
    decoded: { key, value: offset % 100, timestamp: record.timestamp, headers: record.headers },
    acceptedBy: undefined,
    failure: undefined,
    rejectedAtMs: undefined
  }
}
