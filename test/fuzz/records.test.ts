import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, serdes } from '../../streams/index.ts'
import type { EventContract } from '../../schemas/contract.ts'
import { impressionContract } from '../../schemas/impression.ts'
import { interactionEventContract } from '../../schemas/interaction-event.ts'
import { watchContract } from '../../schemas/watch.ts'
import { testSettings } from '../helpers/api.ts'
import { FUZZ, mutate, randomBytes, seededRandom } from '../helpers/fuzz.ts'
import { createRandomLog } from '../helpers/random-log.ts'

const contracts = new Map<string, EventContract<unknown>>([
  [testSettings.TOPIC_IMPRESSION, impressionContract(testSettings)],
  [testSettings.TOPIC_WATCH, watchContract(testSettings)],
  [testSettings.TOPIC_EVENT, interactionEventContract(testSettings)]
])

/** Whatever takes longer than this on one record holds its whole partition up. */
const SLOW_MS = 2_000

test('whatever the bytes of a record are, it is either accepted or rejected with a reason, and soon', t => {
  const { seed, random } = seededRandom(t)
  const base = createRandomLog({ seed, events: 3_000, partitions: 1 }).flatMap(({ topic, value, timestamp }) => value === null ? [] : [{ topic, value, timestamp }])
  const values = base.map(({ value }) => value)
  const counts = { accepted: 0, decode: 0, json: 0, schema: 0, window: 0 }
  let slowest = 0

  for (let count = 0; count < FUZZ.records; count++) {
    const { topic, value, timestamp } = random.pick(base)
    // Some come to another topic than they were made for.
    const contract = (random.chance(0.95) ? contracts.get(topic) : undefined) ?? random.pick([...contracts.values()])
    const bytes = random.chance(0.02) ? randomBytes(random, 400) : mutate(value, random, values)
    const begun = performance.now()
    try {
      counts[outcomeOf(bytes, contract, random.chance(0.02) ? random.below(2 ** 41) : timestamp)]++
    } catch (error) {
      assert.fail(`record ${count} of seed ${seed}: ${error instanceof Error ? error.stack : String(error)}\n${bytes.subarray(0, 2_000).toString('latin1')}`)
    }
    slowest = Math.max(slowest, performance.now() - begun)
  }

  t.diagnostic(`${FUZZ.records} records: ${JSON.stringify(counts)}, the slowest took ${Math.round(slowest)} ms`)
  assert.ok(Object.values(counts).every(count => count > 0), 'each outcome was met')
  assert.ok(slowest < SLOW_MS)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

type Outcome = 'accepted' | 'decode' | 'json' | 'schema' | 'window'

/** As the engine does it: decode, then validate; what is refused is explained. */
function outcomeOf (bytes: Buffer, contract: EventContract<unknown>, timestamp: number): Outcome {
  let value: unknown
  try {
    value = serdes.json.decode(bytes)
  } catch (error) {
    assert.ok(error instanceof DecodeError, 'only a decode error may be thrown')
    return error.errorType
  }
  const problems = contract.problems(value, { timestamp })
  if (contract.accepts(value, { timestamp })) {
    assert.deepEqual(problems, [], 'what is accepted has no mistake')
    return 'accepted'
  }
  assert.ok(problems.length > 0, 'what is refused has a mistake')
  const { errorType, message } = contract.explain(value, { timestamp })
  assert.ok((errorType === 'schema' || errorType === 'window') && message.length > 0 && message.length < 10_000, message.slice(0, 200))
  return errorType
}
