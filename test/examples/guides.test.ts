import { deepEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inputsOf, printRecord, readRecord } from '../../bin/commands/embedded-records.ts'
import { loadTopology } from '../../bin/load-topology.ts'
import { serdes } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'

const ROOT = join(import.meta.dirname, '../..')
const guides = readFileSync(join(ROOT, 'examples/README.md'), 'utf8')
const sessions = [...guides.matchAll(/run (examples\/[\w-]+\.ts) --embedded <<END\n([^]*?)END\n```\n\n```json\n([^]*?)```/g)]

test('every guide but that of the test driver shows what goes in and comes out', () => {
  deepEqual(sessions.length, [...guides.matchAll(/^## /gm)].length - 1)
})

for (const [, file = '', given = '', shown = ''] of sessions) {
  test(`what ${file} is shown to make of its input is what it makes`, async () => {
    const topology = await loadTopology(file, ROOT)
    const driver = createTestDriver(topology)
    const inputs = inputsOf(topology)

    for (const line of given.trimEnd().split('\n')) {
      const { topic: name, key, value, timestamp } = readRecord(line, inputs)
      const topic = inputs.find(topic => topic.name === name)
      ok(topic !== undefined && timestamp !== undefined, `${line} names a topic and its time`)
      await driver.topic({ ...topic, key: serdes.bytes, value: serdes.bytes }).pipe(key, value, { timestamp })
    }

    const outputs = new Map(topology.nodes.flatMap(({ kind, topic }) => kind === 'sink' && topic?.internal === false ? [[topic.name, topic]] : []))
    const lines = []
    for (const topic of outputs.values()) {
      const records = await driver.output({ ...topic, key: serdes.bytes, value: serdes.bytes }).readAll()
      lines.push(...records.map(({ key, value, timestamp }) => printRecord({ topic: topic.name, key, value, timestamp, headers: [] }, outputs)))
    }
    deepEqual(lines.join(''), shown)
  })
}
