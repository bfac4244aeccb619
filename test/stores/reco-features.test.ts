import assert from 'node:assert/strict'
import test from 'node:test'
import { FeaturesUnavailableError, openRecoFeatures } from '../../stores/reco-features.ts'
import { CrowdedError } from '../../stores/turnstile.ts'
import type { StateReader } from '../../streams/index.ts'
import { relatedOf } from '../helpers/related.ts'
import { failingReader, fakeReader, silentReader } from '../helpers/state.ts'

const state = {
  lists: { user_history: { u1: [{ item_id: 'a', ts: 1 }] } },
  counters: { item_popularity: { a: 1, b: 2 }, co_visitation_out: { a: 3 }, co_visitation_in: { b: 3 } },
  rankings: { co_visitation: { a: { b: 3 } } }
}

test('the projection answers, and Postgres is not asked', async () => {
  const postgres = failingReader()
  const features = openRecoFeatures({ projection: fakeReader(state), postgres })

  const first = await features.firstLook({ user: 'u1', popular: 1 })
  const second = await features.secondLook({ items: ['a', 'zz'], degraded: false })

  assert.deepEqual(first, { history: [{ item_id: 'a', ts: 1 }], popular: [{ member: 'b', count: 2 }], degraded: false })
  assert.deepEqual(second, {
    related: [relatedOf([{ member: 'b', count: 3, incoming: 3, popularity: 2 }]), relatedOf([])],
    outgoing: [3, 0],
    degraded: false
  })
  assert.equal(postgres.looks.length, 0)
})

for (const [name, projection] of [['is not level', failingReader()], ['is away', failingReader(new Error('ECONNREFUSED'))], ['does not answer in time', silentReader()]] as const) {
  test(`a projection that ${name} is replaced by Postgres, flagged`, async () => {
    const failures: unknown[] = []
    const features = openRecoFeatures({ projection, postgres: fakeReader(state), timeoutMs: 5, onFallback: error => failures.push(error) })

    const { popular, degraded } = await features.firstLook({ user: undefined, popular: 1 })

    assert.deepEqual([popular, degraded, failures.length], [[{ member: 'b', count: 2 }], true, 1])
  })
}

test('a projection that has just failed is not asked again in the second look', async () => {
  const projection = failingReader()
  const features = openRecoFeatures({ projection, postgres: fakeReader(state) })

  const { degraded } = await features.firstLook({ user: 'u1', popular: 1 })
  const second = await features.secondLook({ items: ['a'], degraded })

  assert.equal(second.degraded, true)
  assert.equal(projection.looks.length, 1)
})

test('without a projection by choice nothing is degraded', async () => {
  const features = openRecoFeatures({ projection: undefined, postgres: fakeReader(state) })

  assert.equal((await features.firstLook({ user: 'u1', popular: 1 })).degraded, false)
})

test('a missing schema is an empty world, also where the error is wrapped', async () => {
  const missing = new Error('query failed', { cause: Object.assign(new Error('no schema'), { code: '3F000' }) })
  const features = openRecoFeatures({ projection: undefined, postgres: failingReader(missing) })

  assert.deepEqual(await features.firstLook({ user: 'u1', popular: 1 }), { history: [], popular: [], degraded: true })
  assert.deepEqual((await features.secondLook({ items: ['a'], degraded: false })).related, [])
})

test('when Postgres fails as well, it is an outage with its cause', async () => {
  const cause = new Error('ECONNREFUSED')
  const features = openRecoFeatures({ projection: failingReader(), postgres: failingReader(cause) })

  await assert.rejects(features.firstLook({ user: 'u1', popular: 1 }), error => error instanceof FeaturesUnavailableError && error.cause === cause)
})

for (const [name, keptMs, open] of [
  ['the projection', 250, (reader: StateReader) => ({ projection: reader, postgres: failingReader() })],
  ['Postgres', 1_000, (reader: StateReader) => ({ projection: failingReader(), postgres: reader })]
] as const) {
  test(`what many want ${name} is asked once in ${keptMs} ms, the history each time`, async () => {
    const clock = { at: 0 }
    const reader = fakeReader(state)
    const features = openRecoFeatures({ ...open(reader), now: () => clock.at })
    const look = async () => {
      const { degraded } = await features.firstLook({ user: 'u1', popular: 1 })
      await features.secondLook({ items: ['a'], degraded })
    }

    await look()
    clock.at = keptMs - 1
    await look()
    assert.equal(reader.looks.length, 2 + 1)

    clock.at = keptMs
    await look()
    assert.equal(reader.looks.length, 2 + 1 + 2)
  })
}

test('nothing is kept beyond a failure of the projection, and what Postgres answered only for when Postgres is asked', async () => {
  const projection = fakeReader(state)
  const postgres = fakeReader(state)
  let away = false
  const features = openRecoFeatures({ projection: { read: async questions => { if (away) throw new Error('away'); return await projection.read(questions) } }, postgres })
  await features.firstLook({ user: 'u1', popular: 1 })
  await features.secondLook({ items: ['a'], degraded: false })

  away = true
  assert.equal((await features.firstLook({ user: 'u1', popular: 1 })).degraded, true)
  assert.equal((await features.secondLook({ items: ['a'], degraded: true })).degraded, true)
  away = false
  await features.secondLook({ items: ['a'], degraded: false })

  assert.equal(projection.looks.length, 3)
  assert.equal(postgres.looks.length, 2)
})

test('where the projection is away and too many wait for Postgres, the others hear of an outage at once', async () => {
  const features = openRecoFeatures({ projection: failingReader(), postgres: silentReader() })
  const looks = Array.from({ length: 4 + 100 + 1 }, async () => await features.firstLook({ user: 'u1', popular: 1 }))

  await assert.rejects(Promise.race(looks), error => error instanceof FeaturesUnavailableError && error.cause instanceof CrowdedError)
  assert.equal((await Promise.allSettled(looks.slice(4))).every(({ status }) => status === 'rejected'), true)
})

test('of looks that the projection does not get to so many wait, the rest are turned away, and Postgres is left in peace', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const answers = fakeReader(state)
  const postgres = failingReader()
  const asked: unknown[] = []
  const projection: StateReader = {
    async read (questions) {
      asked.push(questions)
      await released
      return await answers.read(questions)
    }
  }
  const features = openRecoFeatures({ projection, postgres, timeoutMs: 60_000 })
  const looks = Array.from({ length: 64 + 256 }, async () => await features.firstLook({ user: 'u1', popular: 1 }))

  await assert.rejects(features.firstLook({ user: 'u1', popular: 1 }), error => error instanceof FeaturesUnavailableError && error.cause instanceof CrowdedError)
  assert.equal(asked.length, 64)
  release()
  assert.deepEqual([...new Set((await Promise.all(looks)).map(({ degraded }) => degraded))], [false])
  assert.equal(postgres.looks.length, 0)
})
