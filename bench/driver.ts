import { defineTopic, defineTopology, serdes } from '../streams/index.ts'
import { createTestDriver } from '../streams/testing.ts'
import type { LocalBenchmark } from './lib/benchmark.ts'
import { median, percentile, round } from './lib/statistics.ts'

const words = defineTopic({ name: 'words', key: serdes.string, value: serdes.string })
const counts = defineTopic({ name: 'counts', key: serdes.string, value: serdes.long })

const wordCount = defineTopology('word-count', ({ stream }) => {
  stream(words).groupByKey().count().toStream().to(counts)
})

const MOST_MS = 5
const WARM = 50
const TESTS = 500

/** A simple test, from making the driver to closing it, in a process that has run some before. */
export const driver: LocalBenchmark = {
  name: 'driver',
  runLocally: async ({ say }) => {
    const times: number[] = []
    for (let nth = 0; nth < WARM + TESTS; nth++) {
      const begun = performance.now()
      await oneTest()
      if (nth >= WARM) times.push(performance.now() - begun)
    }
    times.sort((a, b) => a - b)
    const [middle, late] = [round(median(times), 2), round(percentile(times, 0.95), 2)]
    say(`a simple test takes ${middle} ms, 95 % of them at most ${late} ms; below ${MOST_MS} is wanted`)
    return {
      // What the test reads is checked in it.
      correct: true,
      mistakes: [],
      numbers: { median: middle, p95: late },
      tables: [{
        title: 'Test driver: a simple test',
        rows: [['a count by key', 'median', 'p95', 'wanted'], ['create, pipe, read, close', `${middle} ms`, `${late} ms`, `below ${MOST_MS} ms`]],
        notes: [`${TESTS} tests one after the other, after ${WARM} to warm up; each record is run twice and compared, as is the driver's default.`]
      }]
    }
  }
}

async function oneTest (): Promise<void> {
  const testDriver = createTestDriver(wordCount)
  await testDriver.topic(words).pipe('k', 'v')
  const read = await testDriver.output(counts).read()
  if (read?.value !== 1) throw new Error(`The test read ${JSON.stringify(read)}.`)
  await testDriver.close()
}
