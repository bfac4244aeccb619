import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, joinWindows, serdes, sessionWindows } from '../../../streams/index.ts'
import { openEmbedded } from '../../helpers/embedded.ts'

const clicks = defineTopic({ name: 'clicks', key: serdes.string, value: serdes.string })

const views = defineTopic({ name: 'views', key: serdes.string, value: serdes.string })

const sessions = defineTopology('sessions', ({ stream }) => {
  stream(clicks).groupByKey().windowedBy(sessionWindows({ inactivityGapMs: 1_000 })).count({ store: { name: 'counts' } }).suppress({ untilWindowCloses: true })
    .toStream().to(defineTopic({ name: 'closed', key: serdes.sessionWindowed(serdes.string), value: serdes.long }))
})

test('records that build on one another in one unit do not each wait for a read of their own', async t => {
  const { state, pipe } = await openEmbedded(t, sessions, { maxUnitRecords: 100 })
  const { load } = state
  let loads = 0
  Object.assign(state, {
    load: async (wanted: Parameters<typeof load>[0]) => {
      loads++
      return await load(wanted)
    }
  })

  await pipe(Array.from({ length: 100 }, (_, nth) => ({ topic: 'clicks', partition: 0, offset: nth, key: 'u1', value: Buffer.from('x'), timestamp: nth * 500 })))

  assert.ok(loads > 0 && loads <= 10, `${loads} reads`)
})

test('records that ask for what nobody has written yet are run once, though their state was not at hand', async t => {
  let runs = 0
  const joined = defineTopology('joined', ({ stream }) => {
    const counted = stream(clicks).mapValues(value => {
      runs++
      return value
    })
    counted.join(stream(views), (click, view) => `${click} ${view}`, {
      windows: joinWindows({ timeDifferenceMs: 1_000, graceMs: 1_000 }), key: serdes.string, leftValue: serdes.string, rightValue: serdes.string
    }).to(defineTopic({ name: 'both', key: serdes.string, value: serdes.string }))
  })
  const { pipe, units } = await openEmbedded(t, joined, { maxUnitRecords: 200 })

  await pipe(Array.from({ length: 200 }, (_, nth) => ({
    topic: nth % 2 === 0 ? 'clicks' : 'views', partition: 0, offset: Math.floor(nth / 2), key: `u${nth % 7}`, value: Buffer.from(String(nth)), timestamp: nth * 10
  })))

  assert.ok(units.reduce((sum, { emissions }) => sum + emissions.length, 0) > 1_000, 'it joins')
  assert.ok(runs >= 100 && runs <= 110, `100 clicks were run ${runs} times`)
})
