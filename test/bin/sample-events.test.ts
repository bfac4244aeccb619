import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type InputEvent } from '../../bin/event-file.ts'
import { createRandom, createSkewed, sampleEvents } from '../../bin/sample-events.ts'
import { runModel, type ModelResult } from '../helpers/model.ts'

const START = 1_750_000_000_000

/** So many events, 20 ms apart. */
function take (count: number, { seed = 1, start = START } = {}): InputEvent[] {
  let time = start
  const now = () => (time += 20)
  return sampleEvents({ seed, now }).take(count).toArray()
}

function learn (events: readonly InputEvent[]): ModelResult {
  return runModel(events.map((event, offset) => ({ ...event, topic: `reco_${event.topic}`, partition: 0, offset })))
}

const genreOf = (itemId: string) => itemId.split('-')[0]

describe('sample events', () => {
  it('the same seed and clock give the same events', () => {
    assert.deepEqual(take(200), take(200))
    assert.notDeepEqual(take(200), take(200, { seed: 2 }))
  })

  it('a later run uses no event id of an earlier one', () => {
    const first = learn(take(500))
    const second = learn(take(500, { start: START + 1 }))

    const known = new Set(first.watches.map(row => row.event_id))
    assert.ok(second.watches.length > 50)
    assert.ok(second.watches.every(row => !known.has(row.event_id)))
  })

  it('all but about one in a hundred are valid, the broken ones of every class', () => {
    const { dead_letters: letters } = learn(take(10_000))

    assert.ok(letters.length > 50 && letters.length < 150, `${letters.length} broken`)
    assert.deepEqual(new Set(letters.map(letter => letter.error_type)), new Set(['decode', 'json', 'schema', 'window']))
  })

  it('every record is keyed by its user, broken ones too', () => {
    const events = take(1_000)

    const { watches } = learn(events)
    const keys = new Set(events.map(event => event.key))
    assert.ok(watches.length > 500 && watches.every(row => keys.has(row.user_id)))
    assert.ok(events.every(event => event.key?.startsWith('user-')))
  })

  it('what is watched was shown to that user, in that request, before', () => {
    const events = take(3_000)

    const { impressions, watches } = learn(events)
    const shown = new Map(impressions.map(row => [`${row.user_id} ${row.request_id} ${row.item_id}`, row.ts_ms]))
    const unseen = watches.filter(row => !((shown.get(`${row.user_id} ${row.request_id} ${row.item_id}`) ?? Infinity) < row.ts_ms))
    assert.ok(unseen.length < watches.length * 0.05, `${unseen.length} of ${watches.length}`) // of these the impression was broken
  })

  it('what follows an item is mostly of its genre', () => {
    const { co_visitation: pairs } = learn(take(20_000))

    const all = pairs.reduce((sum, pair) => sum + pair.cnt, 0)
    const within = pairs.filter(pair => genreOf(pair.prev_item_id) === genreOf(pair.next_item_id)).reduce((sum, pair) => sum + pair.cnt, 0)
    assert.ok(within / all > 0.7, `${within} of ${all}`)
  })

  it('three hundred films are all seen, a few of them much more than others', () => {
    const scores = learn(take(20_000)).item_popularity.map(row => row.score).sort((left, right) => right - left)

    assert.equal(scores.length, 300)
    assert.ok((scores[0] ?? 0) > 5 * (scores[150] ?? Infinity))
  })

  it('clicks and purchases come along, and some events come twice', () => {
    const events = take(10_000)

    const types = new Set(learn(events).events.map(row => row.event_type))
    const distinct = new Set(events.map(event => String(event.value)))
    assert.deepEqual(types, new Set(['click', 'purchase']))
    assert.ok(distinct.size < events.length)
  })
})

describe('chance that can be repeated', () => {
  it('numbers lie within their limits, and are spread over them', () => {
    const random = createRandom(1)

    const counts = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 10_000; index++) {
      const drawn = random.below(10)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    assert.equal(counts.length, 10)
    assert.ok(counts.every(count => count > 850 && count < 1_150), String(counts))
  })

  it('a skewed draw takes the first most often, and never one that is not there', () => {
    const draw = createSkewed(['a', 'b', 'c'], 1, createRandom(1))

    const drawn = Array.from({ length: 11_000 }, draw)
    const countOf = (wanted: string) => drawn.filter(each => each === wanted).length
    assert.ok(Math.abs(countOf('a') - 6_000) < 300)
    assert.ok(Math.abs(countOf('b') - 3_000) < 300)
    assert.ok(Math.abs(countOf('c') - 2_000) < 300)
  })
})
