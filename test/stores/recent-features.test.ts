import assert from 'node:assert/strict'
import test from 'node:test'
import { openRecentFeatures } from '../../stores/recent-features.ts'
import { relatedOf } from '../helpers/related.ts'
import { failingReader, fakeReader } from '../helpers/state.ts'

const state = {
  lists: { user_history: { u1: [{ item_id: 'a', ts: 1 }] } },
  counters: { item_popularity: { a: 1, b: 2 }, co_visitation_out: { a: 3 }, co_visitation_in: { b: 3 } },
  rankings: { co_visitation: { a: { b: 3 } } }
}

function openKept () {
  const clock = { at: 0 }
  const reader = fakeReader(state)
  return { clock, reader, features: openRecentFeatures({ reader, keptMs: 250, now: () => clock.at }) }
}

/** Of each look, whose rankings were asked for. */
const ownersIn = (looks: ReturnType<typeof fakeReader>['looks']) => looks.map(questions => questions.flatMap(question => question.kind === 'ranking' ? question.owner : []))

test('what is known of items and what is popular is kept until its time is over, the history is not', async () => {
  const { clock, reader, features } = openKept()
  const look = async () => [await features.first('u1', 1), await features.items(['a', 'zz'])]
  const kinds = () => reader.looks.map(questions => questions.map(({ kind }) => kind).join())

  const before = await look()
  clock.at = 249
  assert.deepEqual(await look(), before)
  assert.deepEqual(kinds(), ['list,ranking', 'ranking,ranking,counts,counts,counts', 'list'])

  clock.at = 250
  assert.deepEqual(await look(), before)
  assert.deepEqual(kinds().slice(3), ['list,ranking', 'ranking,ranking,counts,counts,counts'])
})

test('who asks at the same time shares a question, and only what is not known is asked; an item twice is answered twice', async () => {
  const { reader, features } = openKept()
  const [one, two] = await Promise.all([features.items(['a']), features.items(['a', 'zz', 'a'])])

  assert.deepEqual(two, [one[0], { related: relatedOf([]), outgoing: 0 }, one[0]])
  assert.equal(one[0]?.outgoing, 3)
  assert.deepEqual(ownersIn(reader.looks), [['a'], ['zz']])
})

test('each first look asks the reader for something, so that one which has failed is not answered for', async () => {
  const { reader, features } = openKept()

  assert.deepEqual(await features.first('nobody', 1), { history: [], popular: [{ member: 'b', count: 2 }] })
  assert.deepEqual(await features.first(undefined, 2), { history: [], popular: [{ member: 'b', count: 2 }, { member: 'a', count: 1 }] })
  await features.first('u1', 1)
  assert.deepEqual(reader.looks.map(questions => questions.map(({ kind }) => kind).join()), ['list,ranking', 'ranking', 'list'])
})

test('what is forgotten is asked for again', async () => {
  const { reader, features } = openKept()
  await features.first('u1', 1)
  await features.items(['a'])

  features.forget()
  await features.first('u1', 1)
  await features.items(['a'])

  assert.deepEqual(ownersIn(reader.looks), [[undefined], ['a'], [undefined], ['a']])
})

test('a question that fails fails for all who share it, and is asked anew by the next', async () => {
  const reader = failingReader(new Error('away'))
  const features = openRecentFeatures({ reader, keptMs: 250 })

  const answers = await Promise.allSettled([features.items(['a']), features.items(['a'])])
  await assert.rejects(features.items(['a']), /away/)

  assert.deepEqual(answers.map(({ status }) => status), ['rejected', 'rejected'])
  assert.equal(reader.looks.length, 2)
})
