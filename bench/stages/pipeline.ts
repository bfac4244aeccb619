import { Redis } from 'ioredis'
import type { LogRecord } from '../../streams/index.ts'
import { openPostgres, openPostgresState, openRedisProjection, ensureEngineSchema, migrate, Pauses } from '../../streams/runtime.ts'
import type { State } from '../../streams/state/state.ts'
import { beginUnit, commitUnit, tasksOf, type CommitterOptions } from '../../streams/task/committer.ts'
import { decode } from '../../streams/task/decode.ts'
import type { RecordItem } from '../../streams/task/item.ts'
import { Outbound } from '../../streams/task/outbound.ts'
import { StoreStates } from '../../streams/task/stores/store-states.ts'
import { Task } from '../../streams/task/task.ts'
import { UnitRunner } from '../../streams/task/unit.ts'
import { impressionContract } from '../../schemas/impression.ts'
import { watchContract } from '../../schemas/watch.ts'
import { recommender } from '../../topology/recommender.ts'
import { recommenderTopics } from '../../topology/recommender-topics.ts'
import { testSettings } from '../../test/helpers/api.ts'
import { freshApplicationId, type Services } from '../../test/helpers/services.ts'
import { fileURLToPath } from 'node:url'
import type { Owner } from '../lib/owner.ts'
import { encodeWrites, touchCache } from './parts.ts'
import { StageClock } from './stages.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations/recommender', import.meta.url))
/** As many as a worker takes at most. */
const UNIT_RECORDS = 2_000

export interface Pipeline {
  readonly clock: StageClock
  readonly applicationId: string
  readonly deadLetters: number
}

/** Takes records through all that the worker does with them, a stage after the other, unit by unit, on real services. */
export async function runStages (owner: Owner, services: Services, records: readonly LogRecord[]): Promise<Pipeline> {
  const applicationId = freshApplicationId(owner, services)
  const database = openPostgres({ url: services.postgres, applicationName: `millrace ${applicationId}`, maxConnections: 4 })
  owner.after(async () => await database.close())
  const redis = new Redis(services.redis)
  owner.after(() => redis.disconnect())
  const schema = await ensureEngineSchema(database, applicationId)
  await migrate(database, applicationId, MIGRATIONS)
  const state = openPostgresState({ database, schema, owner: 'bench', projected: true })
  const projection = openRedisProjection({ redis, applicationId, generation: schema.generation, shards: 1 })
  await projection.beginBuild('1', [])
  await projection.advance('1', 'ready', [])

  const topology = recommender.configure(testSettings)
  const stores = new StoreStates(topology.stores)
  const runner = new UnitRunner({ topology, applicationId, stores, now: Date.now, maxRecordBytes: 900_000 })
  const tasks = await takeTasks(state, topology, records)
  const outbound = new Outbound({ async send () {}, async close () {} })
  const commit: CommitterOptions = { state, stores, outbound, takeApplied: () => [], acknowledgeWithinMs: 10_000, pauses: new Pauses() }
  const { watches, impressions } = recommenderTopics(testSettings)
  const [isWatch, isImpression] = [watchContract(testSettings), impressionContract(testSettings)]
  const clock = new StageClock()
  let deadLetters = 0

  for (let from = 0; from < records.length; from += UNIT_RECORDS) {
    const some = records.slice(from, from + UNIT_RECORDS)
    const decoded = clock.cpu('decode', some.length, () => some.map(record => decode(record, record.topic === watches.name ? watches : impressions)))
    clock.cpu('validate', some.length, () => {
      for (const [index, { value, timestamp }] of decoded.entries()) (some[index]?.topic === watches.name ? isWatch : isImpression).accepts(value, { timestamp })
    })
    const items = some.map((record, index): RecordItem => ({
      task: tasks(record), record, nextOffset: record.offset + 1, readFrom: { topic: record.topic, offset: record.offset }, decoded: decoded[index], acceptedBy: undefined, failure: undefined, rejectedAtMs: undefined
    }))
    await walk(items, { runner, stores, state, clock })

    const begun = performance.now()
    const started = await beginUnit(commit)
    const inserted = performance.now()
    const unit = runner.close()
    stores.seal()
    // It is done once more within the commit; here alone.
    clock.cpu('encode', some.length, () => encodeWrites(applicationId, stores))
    const closed = performance.now()
    const outcome = await commitUnit(unit, started, commit)
    if (outcome.kind !== 'committed') throw new Error(`The unit from record ${from} on was not committed: ${outcome.kind}${'error' in outcome ? ` (${String(outcome.error)})` : ''}`)
    clock.add('SQL', (inserted - begun + performance.now() - closed) * 1000 / some.length)
    stores.committed(outcome.changes)
    outbound.committed()
    for (const task of tasksOf(unit)) {
      task.position = outcome.positions.find(({ subTopology, partition }) => subTopology === task.subTopology.name && partition === task.partition) ?? task.position
    }
    deadLetters += unit.emissions.length
    await clock.wall('Redis', some.length, async () => {
      await projection.apply(outcome.changes, outcome.positions.map(({ subTopology, partition, unit }) => [`${subTopology}/${partition}`, unit] as const))
    })
    clock.cpu('cache', some.length, () => touchCache(stores, decoded))
    stores.undo()
  }
  return { clock, applicationId, deadLetters }
}

interface Walk {
  readonly runner: UnitRunner
  readonly stores: StoreStates
  readonly state: State
  readonly clock: StageClock
}

/** As the engine prepares a unit: what is missing is found by walking ahead, and read in one go. */
async function walk (items: readonly RecordItem[], { runner, stores, state, clock }: Walk): Promise<void> {
  let graph = 0
  let reads = 0
  for (let index = 0; index < items.length;) {
    const walked = items.slice(index)
    const begun = process.threadCpuUsage()
    let run = 0
    while (run < walked.length && runner.run(at(walked, run))) run++
    const rest = walked.slice(run)
    if (rest.length > 0) await runner.guess(rest, async () => {})
    const first = process.threadCpuUsage(begun)
    graph += first.user + first.system
    index += run
    if (rest.length === 0) break
    const wanted = stores.takeMissing()
    const asked = performance.now()
    const loaded = await state.load(wanted)
    reads += performance.now() - asked
    const again = process.threadCpuUsage()
    index += runner.keep(rest, stores.firstMisled(loaded, wanted))
    stores.accept(loaded, wanted)
    const second = process.threadCpuUsage(again)
    graph += second.user + second.system
  }
  clock.add('graph', graph / items.length)
  clock.add('SQL reads', reads * 1000 / items.length)
}

function at<T> (list: readonly T[], index: number): T {
  const element = list[index]
  if (element === undefined) throw new RangeError(`There is no element ${index}.`)
  return element
}

async function takeTasks (state: State, { subTopologies }: ReturnType<typeof recommender.configure>, records: readonly LogRecord[]): Promise<(record: LogRecord) => Task> {
  const tasks = new Map<string, Task>()
  for (const { topic, partition } of records) {
    const subTopology = subTopologies.find(({ topics }) => topics.includes(topic))
    if (subTopology === undefined) throw new TypeError(`Nobody reads topic '${topic}'.`)
    const name = `${subTopology.name}/${partition}`
    let task = tasks.get(name)
    if (task === undefined) {
      const [position] = await state.takeOver([{ subTopology: subTopology.name, partition, offsets: Object.fromEntries(subTopology.topics.map(each => [each, 0])) }])
      if (position === undefined) throw new Error(`Task ${name} was not given to us.`)
      tasks.set(name, task = new Task(subTopology, position, subTopology.topics, 1))
    }
    tasks.set(`${topic}/${partition}`, task)
  }
  return ({ topic, partition }) => {
    const task = tasks.get(`${topic}/${partition}`)
    if (task === undefined) throw new TypeError(`Topic '${topic}' has no partition ${partition}.`)
    return task
  }
}
