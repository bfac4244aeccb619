import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { lines, wordCount, wordCounts } from '../../examples/word-count.ts'
import { createTestDriver } from '../../streams/testing.ts'

test('each word comes out with how often it was said so far', async () => {
  const driver = createTestDriver(wordCount)

  await driver.topic(lines).pipe(null, 'To be, or not to be')

  const counted = (await driver.output(wordCounts).readAll()).map(({ key, value }) => [key, value])
  deepEqual(counted, [['to', 1], ['be', 1], ['or', 1], ['not', 1], ['to', 2], ['be', 2]])
})

test('a word is counted once for all partitions that its lines come from', async () => {
  const driver = createTestDriver(wordCount, { partitions: 3 })

  for (const partition of [0, 1, 2]) await driver.topic(lines).pipe(null, 'be', { partition })

  deepEqual(await driver.output(wordCounts).readToMap(), new Map([['be', 3]]))
})

test('a line without text counts nothing', async () => {
  const driver = createTestDriver(wordCount)

  await driver.topic(lines).pipe('a', null)
  await driver.topic(lines).pipe('a', '…')

  deepEqual(await driver.output(wordCounts).readAll(), [])
})
