import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fits, type Criteria } from '../../../streams/dead-letters/criteria.ts'
import { groupLetters } from '../../../streams/dead-letters/groups.ts'
import { readDeadLetter } from '../../../streams/dead-letters/read.ts'
import type { DeadLetter } from '../../../streams/dead-letters/dead-letter.ts'
import { failed, FAILED_AT, letters, type Letter } from '../../helpers/dead-letters.ts'
import { logRecord } from '../../helpers/tasks.ts'

const read = (letter: Letter): DeadLetter => readDeadLetter(logRecord({ topic: 'dead', ...letter }))
const ours = read(letters.millrace(failed))
const springs = read(letters.spring(failed))

const cases: readonly [what: string, criteria: Criteria, letter: DeadLetter, does: boolean][] = [
  ['nothing asked', {}, springs, true],
  ['its class', { errorClass: 'poison' }, ours, true],
  ['another class', { errorClass: 'poison' }, springs, false],
  ['no class that is known', { errorClass: 'unknown' }, springs, true],
  ['its code', { error: 'schema' }, ours, true],
  ['its exception', { error: 'java.lang.IllegalStateException' }, springs, true],
  ['its exception without the package', { error: 'IllegalStateException' }, springs, true],
  ['another error', { error: 'IllegalState' }, springs, false],
  ['its node', { node: 'check-order' }, ours, true],
  ['a node where none is said', { node: 'check-order' }, springs, false],
  ['its source', { source: 'orders' }, springs, true],
  ['another source', { source: 'order' }, springs, false],
  ['from its failure on', { sinceMs: FAILED_AT }, ours, true],
  ['until its failure', { untilMs: FAILED_AT }, ours, false],
  ['its timestamp where it says no time', { sinceMs: springs.timestamp, untilMs: springs.timestamp + 1 }, springs, true],
  ['its key', { key: 'k-1' }, ours, true],
  ['another key', { key: 'k' }, ours, false],
  ['its header', { headers: [['trace', 't']] }, ours, true],
  ['one header of two', { headers: [['trace', 't'], ['other', 't']] }, ours, false],
  ['a value that fits', { where: async value => JSON.stringify(value).includes('u-1') }, ours, true],
  ['a value that does not', { where: async () => false }, ours, false],
  ['one thing of two', { errorClass: 'poison', node: 'other' }, ours, false]
]

for (const [what, criteria, letter, does] of cases) {
  test(`${what}: ${does ? 'it fits' : 'it does not fit'}`, async () => {
    assert.equal(await fits(letter, criteria), does)
  })
}

test('a value that is no JSON fits no question about values', async () => {
  for (const value of [null, Buffer.from('{')]) assert.equal(await fits({ ...ours, value }, { where: async () => true }), false)
})

test('dead letters are counted by what went wrong where; the newest one of a group is its example', async () => {
  const groups = await groupLetters((async function * () {
    yield { ...ours, failedAtMs: 20, message: 'second' }
    yield springs
    yield { ...ours, failedAtMs: 10, message: 'first' }
  })())

  assert.deepEqual(groups.map(({ count, error, errorClass, node, source, message }) => [count, error, errorClass, node, source, message]), [
    [2, 'schema', 'poison', 'check-order', 'orders', 'second'], [1, 'IllegalStateException', 'unknown', undefined, 'orders', 'no']
  ])
  assert.deepEqual([groups[0]?.firstMs, groups[0]?.lastMs], [10, 20])
})

test('however many kinds of errors there are, so many groups are kept apart, and none is lost', async () => {
  const groups = await groupLetters((async function * () {
    for (let n = 0; n < 3_000; n++) yield { ...ours, errorCode: `code-${n}` }
  })())

  assert.equal(groups.length, 1_001)
  assert.equal(groups.reduce((sum, { count }) => sum + count, 0), 3_000)
})
