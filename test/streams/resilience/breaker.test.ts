import fc from 'fast-check'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker, type Permit } from '../../../streams/resilience/breaker.ts'
import { defineDependency, type BreakerOptions } from '../../../streams/resilience/dependency.ts'
import { BreakerModel } from './breaker-model.ts'

const NOW = 1_700_000_000_000
const down = new Error('503')
const notFound = new TypeError('404')

test('it opens when the window has enough calls and enough of them failed, and that failure alone does not count as an attempt', () => {
  const breaker = create({ minimumCalls: 4, failureRate: 0.5 })

  const counted = [false, true, false, true].map((ok, index) => call(breaker, NOW + index, ok))

  deepEqual(counted, [true, undefined, true, undefined])
  equal(breaker.state, 'closed', 'a success does not open it')
  equal(call(breaker, NOW + 5, false), false)
  equal(breaker.state, 'open')
})

test('failures that the window has gone past do not open it', () => {
  const breaker = create({ minimumCalls: 4, window: '1s' })

  for (const ms of [0, 10, 20, 1_000, 1_010, 1_020]) equal(call(breaker, NOW + ms, false), true)

  equal(breaker.state, 'closed')
})

test('as many failures in a row as the minimum of calls open it, however many calls went well before', () => {
  const breaker = create({ minimumCalls: 5 })
  for (let calls = 0; calls < 1_000; calls++) call(breaker, NOW, true)

  const counted = [1, 2, 3, 4, 5].map(ms => call(breaker, NOW + ms, false))

  deepEqual(counted, [true, true, true, true, false])
  equal(breaker.state, 'open')
})

test('while it is open nothing goes, and it says when the next call may', () => {
  const breaker = open()

  deepEqual([NOW, NOW + 4_999].map(now => breaker.admit(now)), [undefined, undefined])
  equal(breaker.admitsAt(NOW + 1), NOW + 5_000)
  equal(breaker.admitsAt(NOW + 6_000), NOW + 6_000)
  ok(breaker.admit(NOW + 5_000))
  equal(breaker.state, 'half-open')
})

test('a probe goes alone; when it went well all go again, from a window that knows nothing of before', () => {
  const breaker = open()
  const probe = admitted(breaker, NOW + 5_000)
  equal(breaker.admit(NOW + 5_001), undefined)
  equal(breaker.admitsAt(NOW + 5_001), undefined)

  breaker.succeeded(probe, NOW + 5_100)

  equal(breaker.state, 'closed')
  deepEqual([1, 2, 3].map(ms => call(breaker, NOW + 5_100 + ms, false)), [true, true, true])
})

test('a probe that fails opens it for another cooldown, and counts as no attempt', () => {
  const breaker = open()
  const probe = admitted(breaker, NOW + 5_000)

  equal(breaker.failed(probe, NOW + 5_200, down), false)

  equal(breaker.state, 'open')
  equal(breaker.admitsAt(NOW + 5_200), NOW + 10_200)
})

test('a probe that was given up gives its place back, and whoever waits is told', () => {
  const breaker = open()
  const probe = admitted(breaker, NOW + 5_000)
  const told: string[] = []
  breaker.listen({ changed () {}, freed: () => told.push('freed') })

  breaker.released(probe)
  breaker.released(probe)

  deepEqual(told, ['freed'])
  equal(breaker.admitsAt(NOW + 5_001), NOW + 5_001)
  ok(breaker.admit(NOW + 5_001))
})

test('all probes have to go well; the first that fails opens it, and what the others say then changes nothing', () => {
  const well = open({ probes: 2 })
  const [first, second] = [admitted(well, NOW + 5_000), admitted(well, NOW + 5_000)]
  equal(well.admit(NOW + 5_000), undefined)
  well.succeeded(first, NOW + 5_001)
  equal(well.state, 'half-open')
  equal(well.admit(NOW + 5_001), undefined, 'two probes are two, not two at once')
  well.succeeded(second, NOW + 5_002)
  equal(well.state, 'closed')

  const ill = open({ probes: 2 })
  const [one, other] = [admitted(ill, NOW + 5_000), admitted(ill, NOW + 5_000)]
  ill.failed(one, NOW + 5_001, down)
  ill.succeeded(other, NOW + 5_002)

  equal(ill.state, 'open')
})

test('a call from before it opened neither closes nor opens it, and does not count when it fails', () => {
  const breaker = create({ minimumCalls: 2 })
  const [slow, slower, slowest] = [admitted(breaker, NOW), admitted(breaker, NOW), admitted(breaker, NOW)]
  for (const ms of [1, 2]) call(breaker, NOW + ms, false)

  equal(breaker.failed(slow, NOW + 3, down), false)
  const probe = admitted(breaker, NOW + 5_002)
  breaker.succeeded(slower, NOW + 5_003)
  equal(breaker.state, 'half-open')
  breaker.succeeded(probe, NOW + 5_004)
  equal(breaker.failed(slowest, NOW + 5_005, down), false)

  equal(breaker.state, 'closed')
  equal(call(breaker, NOW + 5_006, false), true, 'the first failure of the new window')
})

test('an error that is an answer counts as an attempt and says that the dependency is up', () => {
  const closed = create({ minimumCalls: 2 })
  const halfOpen = open()
  const probe = admitted(halfOpen, NOW + 5_000)

  for (let calls = 0; calls < 20; calls++) equal(closed.failed(admitted(closed, NOW), NOW, notFound), true)
  equal(halfOpen.failed(probe, NOW + 5_001, notFound), true)

  equal(closed.state, 'closed')
  equal(halfOpen.state, 'closed')
})

test('a function that throws over an error does not keep a probe', () => {
  const breaker = open({ isFailure: () => { throw new Error('a mistake') } })

  breaker.failed(admitted(breaker, NOW + 5_000), NOW + 5_001, down)

  equal(breaker.state, 'open')
  ok(breaker.admit(NOW + 10_001))
})

test('it is opened from outside where the error says that the dependency is down, and once', () => {
  const breaker = create()

  equal(breaker.trip(NOW, notFound), false)
  equal(breaker.trip(NOW, down), true)
  equal(breaker.trip(NOW + 1, down), false)

  equal(breaker.state, 'open')
  equal(breaker.admitsAt(NOW + 1), NOW + 5_000)
})

test('it was up when the latest call was begun that went well, whatever became of it since', () => {
  const breaker = create({ minimumCalls: 1 })
  equal(breaker.upAtMs, -Infinity)
  const [slow, failing] = [admitted(breaker, NOW), admitted(breaker, NOW + 2)]
  call(breaker, NOW + 1, true)
  breaker.failed(failing, NOW + 3, down)

  breaker.succeeded(slow, NOW + 10)

  equal(breaker.upAtMs, NOW + 1)
  equal(breaker.state, 'open')
})

test('each change is told, with what opened it', () => {
  const breaker = create({ minimumCalls: 1 })
  const told: unknown[] = []
  breaker.listen({ changed: transition => told.push(transition), freed () {} })

  call(breaker, NOW, false)
  breaker.succeeded(admitted(breaker, NOW + 5_000), NOW + 5_010)

  deepEqual(told, [
    { name: 'blobs', from: 'closed', to: 'open', at: NOW, error: down },
    { name: 'blobs', from: 'open', to: 'half-open', at: NOW + 5_000 },
    { name: 'blobs', from: 'half-open', to: 'closed', at: NOW + 5_010 }
  ])
})

test('whatever happens in whatever order, it is where the list of all that happened says', () => {
  const rules = fc.record({
    failureRate: fc.constantFrom(0.2, 0.5, 1),
    window: fc.constantFrom(100, 1_000),
    minimumCalls: fc.integer({ min: 1, max: 6 }),
    cooldown: fc.constantFrom(50, 400),
    probes: fc.integer({ min: 1, max: 3 })
  })
  const step = fc.record({
    after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 600 })),
    what: fc.constantFrom('admit', 'admit', 'admit', 'succeed', 'fail', 'fail', 'fail', 'answer', 'release', 'trip'),
    which: fc.nat()
  })
  const reached = new Map<string, number>()
  fc.assert(fc.property(rules, fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), (rules, steps) => {
    const breaker = create(rules)
    const model = new BreakerModel(breaker.state, defineDependency({ name: 'blobs', breaker: rules }).breaker)
    const out: Array<{ readonly permit: Permit, readonly call: number }> = []
    let now = NOW
    for (const { after, what, which } of steps) {
      now += after
      if (what === 'admit') {
        const permit = breaker.admit(now)
        const call = model.admit(now)
        equal(permit !== undefined, call !== undefined)
        if (permit !== undefined && call !== undefined) out.push({ permit, call })
      } else if (what === 'trip') {
        equal(breaker.trip(now, down), model.trip(now))
      } else {
        const [ended] = out.splice(which % Math.max(out.length, 1), 1)
        if (ended === undefined) continue
        const { permit, call } = ended
        if (what === 'succeed') breaker.succeeded(permit, now)
        if (what === 'release') breaker.released(permit)
        const counts = what === 'fail' ? breaker.failed(permit, now, down) : what === 'answer' ? breaker.failed(permit, now, notFound) : undefined
        equal(counts, model.end(call, what, now))
      }
      equal(breaker.state, model.state)
      equal(breaker.admitsAt(now), model.admitsAt(now))
      reached.set(model.state, (reached.get(model.state) ?? 0) + 1)
    }
  }), { numRuns: 500 })

  for (const state of ['closed', 'open', 'half-open']) ok((reached.get(state) ?? 0) > 100, `${state} was hardly seen`)
})

function create (rules: BreakerOptions = {}): Breaker {
  return new Breaker(defineDependency({ name: 'blobs', breaker: rules }))
}

/** Opened at NOW. */
function open (rules: BreakerOptions = {}): Breaker {
  const breaker = create({ minimumCalls: 10, ...rules })
  for (let calls = 0; calls < 10; calls++) call(breaker, NOW, false)
  equal(breaker.state, 'open')
  return breaker
}

/** Whether it counted, where it failed. */
function call (breaker: Breaker, now: number, goesWell: boolean): boolean | undefined {
  const permit = admitted(breaker, now)
  if (!goesWell) return breaker.failed(permit, now, down)
  breaker.succeeded(permit, now)
  return undefined
}

function admitted (breaker: Breaker, now: number): Permit {
  const permit = breaker.admit(now)
  ok(permit !== undefined, `admitted at ${now}`)
  return permit
}
