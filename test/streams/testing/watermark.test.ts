import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, joinWindows, serdes, sessionWindows, slidingWindows, timeWindows, type Table, type Windowed } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const clicks = defineTopic({ name: 'clicks', value: serdes.string })
const views = defineTopic({ name: 'views', value: serdes.string })
const out = defineTopic({ name: 'out' })

function told ({ key, window }: Windowed<string | null>, count: number | null): string {
  return `${key}@${window.start}/${window.end}:${count}`
}

const closing = {
  'a tumbling window': [timeWindows({ sizeMs: 10 }), 'k@0/10:1', 10],
  'a sliding window': [slidingWindows({ timeDifferenceMs: 10 }), 'k@0/10:1', 11],
  'a session': [sessionWindows({ inactivityGapMs: 10 }), 'k@5/5:1', 16]
} as const

for (const [name, [windows, expected, closesAt]] of Object.entries(closing)) {
  for (const [how, emit] of [['emits', 'on-window-close'], ['is given out by suppress', 'on-window-update']] as const) {
    test(`${name} ${how} when stream time moves past it without a record, and what comes later is late`, async () => {
      const topology = defineTopology('closing', ({ stream }) => {
        const grouped = stream(clicks).groupByKey()
        const counted: Table<Windowed<string>, number> = windows.type === 'session'
          ? grouped.windowedBy(windows).emitStrategy(emit).count()
          : grouped.windowedBy(windows).emitStrategy(emit).count()
        const closed = emit === 'on-window-close' ? counted : counted.suppress({ untilWindowCloses: true })
        closed.toStream().map((count, key) => [String(key.key), told(key, count)] as const).to(out)
      })
      const driver = createTestDriver(topology)
      await driver.topic(clicks).pipe('k', 'v', { timestamp: 5 })

      await driver.advanceStreamTime(closesAt - 2)
      const early = await driver.output(out).readValues()
      await driver.advanceStreamTime(closesAt + 1)
      const closed = await driver.output(out).readValues()
      await driver.topic(clicks).pipe('k', 'v', { timestamp: 4 })
      const late = await driver.output(out).readValues()

      assert.deepEqual([early, closed, late], [[], [expected], []])
      assert.equal((await driver.metrics())['dropped-records-total'], 1)
    })
  }
}

test('a record that found no match comes out alone when stream time moves past its window without a record', async () => {
  const topology = defineTopology('joining', ({ stream }) => {
    stream(clicks).leftJoin(stream(views), (click, view) => `${click}+${view}`, { windows: joinWindows({ timeDifferenceMs: 10 }), rightValue: serdes.string }).to(out)
  })
  const driver = createTestDriver(topology)
  await driver.topic(clicks).pipe('k', 'a', { timestamp: 5 })

  await driver.advanceStreamTime(15)
  const early = await driver.output(out).readValues()
  await driver.advanceStreamTime(16)

  assert.deepEqual(early, [])
  assert.deepEqual(await driver.output(out).readValues(), ['a+null'])
})
