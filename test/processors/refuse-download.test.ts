import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { refuseDownload } from '../../processors/refuse-download.ts'
import { DownloadTask } from '../../schemas/download-task.ts'
import { defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'
import { createTestDriver } from '../../streams/testing.ts'

const pending = defineTopic({ name: 'pending' })
const results = defineTopic({ name: 'results' })
const deadLetters = defineTopic({ name: 'dlq' })

const refusing = defineTopology('refusing', ({ stream }) => {
  const { dlq } = stream(pending).validate(DownloadTask).branch({ valid: isValid, dlq: isRejected })
  dlq.to(deadLetters, { format: 'raw' })
  dlq.process(refuseDownload()).to(results)
})

void test('a task that breaks its contract has a result under its id, at the record\'s time', async () => {
  const driver = createTestDriver(refusing)
  await driver.topic(pending).pipe('k', { media_id: 'm1', trace_id: 't1' }, { timestamp: 1_000 })
  const [result] = await driver.output(results).readAll()
  const { status, finished_at: finishedAt, error_class: errorClass } = result?.value as Readonly<Record<string, unknown>>
  deepEqual([result?.key, status, errorClass, finishedAt], ['m1', 'failed_permanent', 'permanent', '1970-01-01T00:00:01.000Z'])
})

void test('one that does not say which file it is about has none, and is counted', async () => {
  const driver = createTestDriver(refusing)
  await driver.topic(pending).pipe('k', { trace_id: 't1' })
  deepEqual(await driver.output(results).readValues(), [])
  deepEqual((await driver.metrics())['dropped-records-total'], 1)
})
