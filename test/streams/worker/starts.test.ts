import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology } from '../../../streams/index.ts'
import { candidatesOf } from '../../../streams/worker/starts.ts'

const merging = defineTopology('merging', ({ stream }) => {
  stream(defineTopic({ name: 'a' })).merge(stream(defineTopic({ name: 'b' }))).peek(() => {})
  stream(defineTopic({ name: 'c' })).peek(() => {})
})

const of = (topic: string, ...partitions: readonly number[]) => partitions.map(partition => ({ topic, partition }))

test('a partition that only some inputs of a sub-topology have makes a task that waits, and says for what', () => {
  const { whole, partial } = candidatesOf(merging.subTopologies, [...of('a', 0, 1), ...of('b', 0), ...of('c', 0, 1)], new Set(['a', 'b', 'c']))

  assert.deepEqual(whole.map(({ subTopology, partition, topics }) => [subTopology, partition, topics]), [['a', 0, ['a', 'b']], ['c', 0, ['c']], ['c', 1, ['c']]])
  assert.deepEqual(partial.map(({ subTopology, partition, missing }) => [subTopology, partition, missing]), [['a', 1, ['b']]])
})

test('an input that is not read at all is not waited for', () => {
  const { whole, partial } = candidatesOf(merging.subTopologies, of('a', 0), new Set(['a', 'c']))

  assert.deepEqual(whole.map(({ topics }) => topics), [['a']])
  assert.deepEqual(partial, [])
})
