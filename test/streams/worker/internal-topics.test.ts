import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineInternalTopic, defineTopic, defineTopology, serdes, silentLogger, type Topology } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { ensureTopics } from '../../../streams/worker/topics.ts'

const internal = (name: string, partitions?: number) => defineInternalTopic({ name, key: serdes.string, value: serdes.json, partitions })
const input = (name: string) => defineTopic({ name })

/** What a start makes of a topology where these topics are there. */
async function started (topology: Topology, present: Readonly<Record<string, number>>) {
  const log = createMemoryLog()
  await log.createTopics(Object.entries(present).map(([name, partitions]) => ({ name, partitions })))
  const noted: string[] = []
  const state = { ...openMemoryState(), async noteInternalTopics (topics: readonly string[]) { noted.push(...topics) } }
  const ready = await ensureTopics(topology, { applicationId: 'app', log, state, logger: silentLogger, noted: new Map() })
  assert.deepEqual(await log.partitionCounts([...ready.internal.keys()]), ready.internal)
  return { internal: Object.fromEntries(ready.internal), inputs: Object.fromEntries(ready.inputs), noted }
}

test('an internal topic is made with as many partitions as the largest input of what writes to it, over several of them', async () => {
  const [first, second] = [internal('first'), internal('second')]
  const chained = defineTopology('chained', ({ stream }) => {
    stream(second).peek(() => {})
    stream(first).to(second)
    stream(input('small')).to(first)
    stream(input('large')).to(first)
  })

  const { internal: made, inputs, noted } = await started(chained, { small: 2, large: 5 })

  assert.deepEqual(made, { 'app-first': 5, 'app-second': 5 })
  assert.deepEqual(inputs, { small: 2, large: 5 })
  assert.deepEqual(noted.sort(), ['app-first', 'app-second'])
})

test('internal topics that are read together have one count: that of the inputs among them, else the one that is asked for, else the largest', async () => {
  const joined = (...partitions: readonly (number | undefined)[]): Topology => defineTopology('joined', ({ stream }) => {
    const topics = partitions.map((count, index) => internal(`part-${index}`, count))
    for (const [index, topic] of topics.entries()) stream(input(`in-${index}`)).to(topic)
    topics.map(topic => stream(topic)).reduce((all, each) => all.merge(each)).peek(() => {})
  })
  const withInput = defineTopology('with-input', ({ stream }) => {
    const part = internal('part')
    stream(input('in')).to(part)
    stream(input('other')).merge(stream(part)).peek(() => {})
  })

  assert.deepEqual((await started(withInput, { in: 8, other: 3 })).internal, { 'app-part': 3 })
  assert.deepEqual((await started(joined(undefined, 4), { 'in-0': 2, 'in-1': 7 })).internal, { 'app-part-0': 4, 'app-part-1': 4 })
  assert.deepEqual((await started(joined(undefined, undefined), { 'in-0': 2, 'in-1': 7 })).internal, { 'app-part-0': 7, 'app-part-1': 7 })
  await assert.rejects(started(joined(3, 4), { 'in-0': 2, 'in-1': 7 }), /unequal partition counts: app-part-0 has 3, app-part-1 has 4/)
})

test('two that write to each other have the count of what comes from outside', async () => {
  const [there, back] = [internal('there'), internal('back')]
  const circle = defineTopology('circle', ({ stream }) => {
    stream(input('in')).to(there)
    stream(there).to(back)
    stream(back).to(there)
  })

  assert.deepEqual((await started(circle, { in: 3 })).internal, { 'app-there': 3, 'app-back': 3 })
})

test('one that is there already keeps its count where nothing speaks against it, is not written down as ours, and else stops the start', async () => {
  const asking = (partitions?: number): Topology => defineTopology('asking', ({ stream }) => {
    const part = internal('part', partitions)
    stream(input('in')).to(part)
    stream(part).peek(() => {})
  })

  const { internal: found, noted } = await started(asking(), { in: 6, 'app-part': 4 })

  assert.deepEqual([found, noted], [{ 'app-part': 4 }, []])
  await assert.rejects(started(asking(6), { in: 6, 'app-part': 4 }), /'app-part' has 4 partitions and the topology needs 6.*millrace reset --application-id app /)
})
