import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, sessionWindows } from '../../../streams/index.ts'
import { openEmbedded } from '../../helpers/embedded.ts'

const clicks = defineTopic({ name: 'clicks', key: serdes.string, value: serdes.string })

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
