import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { foreignTableJoin } from '../../../../../streams/graph/operators/foreign-key/foreign-table-join.ts'
import { combinedKey as combinedKeySerde, type SubscriptionResponseWrapper, type SubscriptionWrapper } from '../../../../../streams/serdes/foreign-key.ts'
import { responseJoin } from '../../../../../streams/graph/operators/foreign-key/response-join.ts'
import { subscriptionJoin } from '../../../../../streams/graph/operators/foreign-key/subscription-join.ts'
import { subscriptionReceive } from '../../../../../streams/graph/operators/foreign-key/subscription-receive.ts'
import { subscriptionSend } from '../../../../../streams/graph/operators/foreign-key/subscription-send.ts'
import { storedValues } from '../../../../../streams/graph/operators/table-store.ts'
import type { Forward, StreamRecord } from '../../../../../streams/graph/record.ts'
import { text } from '../../../../../streams/serdes/text.ts'
import type { Serde } from '../../../../../streams/serdes/serde.ts'
import { defineOrdered, type OrderedWriter } from '../../../../../streams/stores/ordered.ts'
import { openTablePlay, stored, type Pipe } from '../../../../helpers/table-play.ts'

type Side = 'L' | 'R'
type Step = readonly [side: Side, key: string, value: string | null, timestamp: number, ...out: readonly (readonly [key: string, value: unknown, timestamp: number])[]]

const history = 300_000
const hash = (value: string): Buffer => createHash('md5').update(value).digest()
const afterPipe = (value: string): string | null => {
  const [, reference = ''] = value.split('|')
  return reference === 'none' ? null : reference
}

const combinedKey = combinedKeySerde(text, text)

/** All five nodes; topics between them hand on at once, unless `held` has them waiting until `release`. */
function openForeignKeyJoin (kind: 'inner' | 'left', { leftVersioned = false, rightVersioned = false, foreignKey = afterPipe } = {}) {
  const play = openTablePlay()
  const { execution, node } = play
  const left = stored('left', leftVersioned ? { historyRetentionMs: history } : {})
  const right = stored('right', rightVersioned ? { historyRetentionMs: history } : {})
  // The bench keeps values, not bytes.
  const store = defineOrdered({ name: 'subscriptions', value: text as unknown as Serde<SubscriptionWrapper<string>> })
  const topic = { isHeld: false, held: [] as (() => void)[] }
  const through = <K, V>(forward: Forward<K, V>) => (record: StreamRecord<K, V>): void => {
    if (topic.isHeld) topic.held.push(() => forward(record))
    else forward(record)
  }
  const joiner = (value: string, foreignValue: string | null): string => `(${value},${foreignValue})`

  const respond = through(responseJoin<string, string, string, string>({ kind, left: storedValues(left.store), hash, joiner })(execution, node('resolver'), play.capture('out')))
  const joinSubscription = subscriptionJoin<string, string, string>(storedValues(right.store))(execution, node('join'), respond)
  const receive = through(subscriptionReceive({ store, combinedKey })(execution, node('receive'), joinSubscription))
  const send = subscriptionSend<string, string, string>({ kind, foreignKey, foreignKeySerde: text, hash, versionedInput: leftVersioned })(execution, node('send'), receive)
  const joinForeign = foreignTableJoin<string, string, string>({ store, combinedKey, versionedInput: rightVersioned })(execution, node('foreign'), respond)
  return {
    dropped: play.dropped,
    subscriptions: play.store(store) as OrderedWriter<SubscriptionWrapper<string>>,
    L: play.table('left', send, { materialization: left, sendsOldValues: true }),
    R: play.table('right', joinForeign, { materialization: right, sendsOldValues: true }),
    hold: () => { topic.isHeld = true },
    release: () => {
      topic.isHeld = false
      for (const deliver of topic.held.splice(0)) deliver()
    }
  }
}

function check (inputs: Readonly<Record<Side, Pipe<string, string>>>, steps: readonly Step[]): void {
  for (const [side, key, value, timestamp, ...out] of steps) {
    assert.deepEqual(inputs[side](key, value, timestamp), out.map(each => ['out', ...each]), `${side} ${key} ${value} at ${timestamp}`)
  }
}

for (const kind of ['inner', 'left'] as const) {
  test(`${kind}: rows of the left table join what they refer to, and are deleted with it or for themselves`, () => {
    check(openForeignKeyJoin(kind), [
      ['R', 'r1', 'R1', 0], ['R', 'r2', 'R2', 1], ['R', 'r3', 'R3', 2], ['L', 'l1', 'a|r1', 3, ['l1', '(a|r1,R1)', 3]], ['L', 'l2', 'b|r2', 4, ['l2', '(b|r2,R2)', 4]],
      ['L', 'l3', 'c|r1', 5, ['l3', '(c|r1,R1)', 5]], ['L', 'l1', null, 6, ['l1', null, 6]], ['R', 'r1', 'R1b', 7, ['l3', '(c|r1,R1b)', 7]],
      ['R', 'r1', null, 8, ['l3', kind === 'left' ? '(c|r1,null)' : null, 8]]
    ])
  })
}

test('inner: a row that moves from nothing to nothing gives a delete, as nobody knows whether it joined', () => {
  check(openForeignKeyJoin('inner'), [
    ['L', 'l1', 'a|r1', 0], ['L', 'l1', 'a|r2', 1, ['l1', null, 1]], ['L', 'l1', 'a|r3', 2, ['l1', null, 2]], ['R', 'r1', 'R1', 3],
    ['L', 'l1', 'a|r1', 4, ['l1', '(a|r1,R1)', 4]], ['L', 'l1', 'a|r2', 5, ['l1', null, 5]], ['L', 'l1', null, 6, ['l1', null, 6]], ['L', 'l1', null, 7]
  ])
})

test('left: a row gives a result wherever it refers to', () => {
  check(openForeignKeyJoin('left'), [
    ['L', 'l1', 'a|r1', 0, ['l1', '(a|r1,null)', 0]], ['L', 'l1', 'a|r2', 1, ['l1', '(a|r2,null)', 1]], ['R', 'r1', 'R1', 3],
    ['L', 'l1', 'a|r1', 4, ['l1', '(a|r1,R1)', 4]], ['L', 'l1', 'a|none', 5, ['l1', '(a|none,null)', 5]], ['R', 'r1', 'R1b', 6],
    ['L', 'l1', null, 7, ['l1', null, 7]], ['L', 'l1', null, 8]
  ])
})

test('left: a row that refers to nothing from the beginning gives a result', () => {
  check(openForeignKeyJoin('left', { foreignKey: () => null }), [['L', 'l1', 'a|r1', 0, ['l1', '(a|r1,null)', 0]], ['L', 'l1', null, 1, ['l1', null, 1]]])
})

test('inner: a row that refers to nothing is counted and gives no result, and what it gave before is deleted', () => {
  const { dropped, ...inputs } = openForeignKeyJoin('inner')
  check(inputs, [
    ['R', 'r1', 'R1', 0], ['L', 'l1', 'a|none', 1], ['L', 'l1', 'a|r1', 2, ['l1', '(a|r1,R1)', 2]], ['L', 'l1', 'b|none', 3, ['l1', null, 3]], ['L', 'l1', null, 4],
    ['R', 'r1', 'R1b', 5]
  ])

  assert.deepEqual(dropped, ['null-foreign-key', 'null-foreign-key'])
})

test('a row that moved is forgotten where it referred to before', () => {
  const { subscriptions, ...inputs } = openForeignKeyJoin('left')
  const keys = () => [...subscriptions.range('', undefined)].map(({ key }) => combinedKey.decode(Buffer.from(key, 'latin1')))
  check(inputs, [['R', 'r1', 'R1', 0], ['L', 'l1', 'a|r1', 1, ['l1', '(a|r1,R1)', 1]]])
  assert.deepEqual(keys(), [{ foreignKey: 'r1', primaryKey: 'l1' }])

  check(inputs, [['L', 'l1', 'a|r2', 2, ['l1', '(a|r2,null)', 2]]])
  assert.deepEqual(keys(), [{ foreignKey: 'r2', primaryKey: 'l1' }])

  check(inputs, [['L', 'l1', 'a|none', 3, ['l1', '(a|none,null)', 3]]])
  assert.deepEqual(keys(), [])
})

test('foreign keys that begin with another, or whose bytes are the greatest, have referrers of their own, in the order of their bytes', () => {
  const { L, R } = openForeignKeyJoin('inner')
  for (const key of ['l2', 'l1', 'é', 'l']) L(key, 'a|r', 1)
  L('l3', 'a|r1', 1)
  L('l4', 'a|\u{10ffff}', 1)

  assert.deepEqual(R('r', 'R', 2).map(([, key]) => key), ['l', 'l1', 'l2', 'é'])
  assert.deepEqual(R('\u{10ffff}', 'R', 2).map(([, key]) => key), ['l4'])
})

test('late records overwrite where a table has no versions', () => {
  check(openForeignKeyJoin('left'), [
    ['R', 'r1', 'R', 3], ['L', 'l1', 'a|r1', 2, ['l1', '(a|r1,R)', 3]], ['L', 'l2', 'b|r1', 4, ['l2', '(b|r1,R)', 4]], ['L', 'l2', null, 5, ['l2', null, 5]],
    ['L', 'l1', 'a0|r1', 1, ['l1', '(a0|r1,R)', 3]], ['L', 'l2', 'b0|r1', 1, ['l2', '(b0|r1,R)', 3]], ['L', 'l1', null, 1, ['l1', null, 1]],
    ['L', 'l1', 'a1|r1', 7, ['l1', '(a1|r1,R)', 7]], ['L', 'l2', 'b1|r1', 7, ['l2', '(b1|r1,R)', 7]],
    ['R', 'r1', 'R0', 0, ['l1', '(a1|r1,R0)', 0], ['l2', '(b1|r1,R0)', 0]], ['R', 'r1', null, 0, ['l1', '(a1|r1,null)', 0], ['l2', '(b1|r1,null)', 0]],
    ['R', 'r1', 'R1', 5, ['l1', '(a1|r1,R1)', 5], ['l2', '(b1|r1,R1)', 5]]
  ])
})

test('late records of a left table with versions join nothing', () => {
  const { dropped, ...inputs } = openForeignKeyJoin('inner', { leftVersioned: true })
  check(inputs, [
    ['R', 'r1', 'R', 3], ['L', 'l1', 'a|r1', 2, ['l1', '(a|r1,R)', 3]], ['L', 'l2', 'b|r1', 4, ['l2', '(b|r1,R)', 4]], ['L', 'l2', null, 5, ['l2', null, 5]],
    ['L', 'l1', 'a0|r1', 1], ['L', 'l2', 'b0|r1', 1], ['L', 'l1', null, 1], ['L', 'l1', 'a1|r1', 7, ['l1', '(a1|r1,R)', 7]], ['L', 'l2', 'b1|r1', 7, ['l2', '(b1|r1,R)', 7]],
    ['R', 'r1', 'R0', 0, ['l1', '(a1|r1,R0)', 0], ['l2', '(b1|r1,R0)', 0]], ['R', 'r1', null, 0, ['l1', null, 0], ['l2', null, 0]]
  ])

  assert.deepEqual(dropped, ['out-of-order', 'out-of-order', 'out-of-order'])
})

test('late records of a right table with versions change nothing', () => {
  const { dropped, ...inputs } = openForeignKeyJoin('left', { rightVersioned: true })
  check(inputs, [
    ['R', 'r1', 'R', 3], ['L', 'l1', 'a|r1', 7, ['l1', '(a|r1,R)', 7]], ['R', 'r1', 'R0', 0], ['R', 'r1', null, 0], ['R', 'r1', 'R1', 5, ['l1', '(a|r1,R1)', 5]]
  ])

  assert.deepEqual(dropped, ['out-of-order', 'out-of-order'])
})

test('an answer to a value that has changed meanwhile is dropped and counted', () => {
  const { L, R, hold, release, dropped } = openForeignKeyJoin('inner')
  R('r1', 'R', 0)
  hold()
  const seen = L('l1', 'a|r1', 1)
  const later = L('l1', 'b|r1', 2)

  release()

  assert.deepEqual([seen, later], [[], [['out', 'l1', '(b|r1,R)', 2]]])
  assert.deepEqual(dropped, ['stale-response'])
})

test('inner: a row that changes while the one it refers to is deleted loses its result', () => {
  const { L, R, hold, release } = openForeignKeyJoin('inner')
  R('r1', 'R', 0)
  assert.deepEqual(L('l1', 'a|r1', 1), [['out', 'l1', '(a|r1,R)', 1]])
  hold()
  L('l1', 'b|r1', 2)
  const seen = R('r1', null, 3)

  release()

  assert.deepEqual(seen, [['out', 'l1', null, 2]])
})

test('a message from the left says of which row it is and where the answer is to go', () => {
  const play = openTablePlay()
  const messages: StreamRecord<string | null, SubscriptionWrapper<string>>[] = []
  const send = subscriptionSend<string, string, string>({ kind: 'inner', foreignKey: (value, key) => key + value, foreignKeySerde: text, hash, versionedInput: false })(
    { ...play.execution, partition: () => 7 }, play.node('send'), record => { messages.push(record) }
  )
  const L = play.table('left', send, { materialization: stored('left'), sendsOldValues: true })

  L('l', '1', 5)
  L('l', '2', 6)
  L('l', null, 7)

  const about = { primaryKey: 'l', primaryPartition: 7 }
  assert.deepEqual(messages, [
    { key: 'l1', value: { ...about, hash: hash('1'), instruction: 'propagate-only-if-fk-val-available' }, timestamp: 5, headers: [] },
    { key: 'l1', value: { ...about, hash: hash('2'), instruction: 'delete-key-no-propagate' }, timestamp: 6, headers: [] },
    { key: 'l2', value: { ...about, hash: hash('2'), instruction: 'propagate-null-if-no-fk-val-available' }, timestamp: 6, headers: [] },
    { key: 'l2', value: { ...about, hash: null, instruction: 'delete-key-and-propagate' }, timestamp: 7, headers: [] }
  ])
})

test('a message without a foreign key that asks for nothing is dropped and counted', () => {
  const play = openTablePlay()
  const store = defineOrdered({ name: 'subscriptions', value: text as unknown as Serde<SubscriptionWrapper<string>> })
  const answers: StreamRecord<string, SubscriptionResponseWrapper<string>>[] = []
  const join = subscriptionJoin<string, string, string>(storedValues(stored('right').store))(play.execution, play.node('join'), record => { answers.push(record) })
  const receive = subscriptionReceive({ store, combinedKey })(play.execution, play.node('receive'), join)
  const value = { hash: null, primaryKey: 'l', primaryPartition: 3 }

  receive({ key: null, value: { ...value, instruction: 'delete-key-and-propagate' }, timestamp: 1, headers: [] })
  receive({ key: null, value: { ...value, instruction: 'propagate-null-if-no-fk-val-available' }, timestamp: 2, headers: [] })

  assert.deepEqual(play.dropped, ['null-foreign-key'])
  assert.deepEqual(answers, [{ key: 'l', value: { originalValueHash: null, foreignValue: null, primaryPartition: 3 }, timestamp: 2, headers: [] }])
})
