import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { Pauses } from '../../streams/pauses.ts'

test('a pause says what it waits for, why, since when and how often it was tried', t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const pauses = new Pauses()

  pauses.waits('postgres', 'it refuses')
  t.mock.timers.tick(5_000)
  pauses.waits('postgres', 'it does not answer')

  deepEqual(pauses.list(), [{ kind: 'postgres', waitsFor: 'Postgres', reason: 'it does not answer', since: '2023-11-14T22:13:20.000Z', attempts: 2, about: [] }])
})

test('a pause about several partitions is over when it is over for the last of them', () => {
  const pauses = new Pauses()
  const ended: string[] = []
  pauses.listen({ began () {}, ended: ({ kind, attempts }) => ended.push(`${kind} ${attempts}`) })
  for (const partition of ['watch-1', 'watch-0', 'watch-1']) pauses.waits('reading', `${partition} has no leader`, partition)

  pauses.over('reading', 'watch-1')
  deepEqual(pauses.of('reading')?.about, ['watch-0'])
  equal(pauses.of('reading')?.reason, 'watch-0 has no leader')
  pauses.over('reading', 'watch-7')
  pauses.over('reading', 'watch-0')

  deepEqual(pauses.list(), [])
  deepEqual(ended, ['reading 3'])
})

test('listeners hear of a pause once at its begin and once at its end, however often it is said', () => {
  const pauses = new Pauses()
  const heard: string[] = []
  pauses.listen({ began: ({ kind }) => heard.push(`+${kind}`), ended: ({ kind }) => heard.push(`-${kind}`) })

  pauses.over('kafka')
  for (let attempt = 0; attempt < 3; attempt++) pauses.waits('kafka', 'away')
  pauses.over('kafka')
  pauses.over('kafka')

  deepEqual(heard, ['+kafka', '-kafka'])
})

test('records do not wait for the projection or for a rebalance', () => {
  const pauses = new Pauses()
  for (const kind of ['projection-away', 'projection-building', 'rebalance'] as const) pauses.waits(kind, 'so it is')
  equal(pauses.holdingRecords(), undefined)

  pauses.waits('dead-letters', 'there is no such topic')

  equal(pauses.holdingRecords()?.kind, 'dead-letters')
})
