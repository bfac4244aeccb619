import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { createRandom } from '../../bin/sample-events.ts'
import type { LogRecord } from '../../streams/index.ts'
import { isCovered } from '../../streams/state/progress.ts'
import { retryOf } from '../../streams/task/calls/retry-record.ts'
import { assertRuns, openCallsWorld, PARTITIONS, type CallsWorld, type FedErrand, type TaskRow } from '../helpers/calls-world.ts'
import { BREAKER, DELAYS_MS } from '../helpers/calling.ts'
import { assertSameLines } from '../helpers/language-world.ts'
import { NEVER, REFUSED, type PartnerCall } from '../helpers/partner.ts'
import type { WorkerProcess } from '../helpers/recommender.ts'
import type { UnitPulse } from '../helpers/unit-pulse.ts'
import { integrationTest, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'

/** Most pass at once; some after so many attempts as there are delays, some never, some are refused. */
function randomErrands (seed: number, { count, keys }: { readonly count: number, readonly keys: number }): FedErrand[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, id) => {
    const luck = random.next()
    const fails = luck < 0.01 ? REFUSED : luck < 0.015 ? NEVER : luck < 0.1 ? 1 + random.below(DELAYS_MS.length) : 0
    return { id, key: `k${random.below(keys)}`, fails, takesMs: random.below(20) }
  })
}

const isPermanent = ({ fails }: FedErrand): boolean => fails === REFUSED || fails > DELAYS_MS.length

/** What the state and the topics have in the end: each errand's one result, and the permanent failures. `spoilt` had an attempt more. */
async function assertDone (world: CallsWorld, errands: readonly FedErrand[], spoilt: ReadonlySet<number> = new Set()): Promise<void> {
  const line = (key: string, id: number, attempt: number): string => `${key} ${id}/${attempt - (spoilt.has(id) ? 1 : 0)}`
  const expected = errands.filter(errand => !isPermanent(errand)).map(({ key, id, fails }) => `${key} ${id}/${fails + 1}`).sort()
  const effects = [...await world.effects()].flatMap(([key, done]) => done.map(({ id, attempt }) => line(key, id, attempt))).sort()
  assertSameLines(effects, expected, 'what took effect')
  assertSameLines((await world.results()).map(({ key, id, attempt }) => line(key, id, attempt)), expected, 'results')
  deepEqual(await world.letters(), errands.filter(isPermanent).map(({ id }) => id), 'dead letters')
}

/** When it was told which tasks are its own, in milliseconds since 1970, and how many. */
function assignments (worker: WorkerProcess): { readonly at: number, readonly tasks: number }[] {
  return [...worker.output().matchAll(/"time":(\d+).*"tasks":\[([^\]]*)\],"msg":"tasks assigned"/g)].map(([, at, tasks]) => ({ at: Number(at), tasks: tasks?.match(/"[^"]+"/g)?.length ?? 0 }))
}

/** When it first had to give its tasks out of hand, after that. */
function pausedAt (worker: WorkerProcess, sinceMs: number): number {
  const times = [...worker.output().matchAll(/"time":(\d+).*"pause":"rebalance".*"msg":"waiting/g)].map(([, at]) => Number(at))
  return Math.min(...times.filter(at => at > sinceMs))
}

/** Resolves when these workers have all tasks between them, and nothing moves any more; answers with when that was. */
async function haveTasks (workers: readonly WorkerProcess[], sinceMs = 0): Promise<number> {
  await until('they have all tasks between them', () => {
    for (const worker of workers) assertRuns(worker)
    const last = workers.map(worker => assignments(worker).findLast(({ at }) => at > sinceMs)?.tasks ?? 0)
    return last.every(tasks => tasks > 0) && last.reduce((sum, tasks) => sum + tasks, 0) === PARTITIONS
  })
  return Math.max(...workers.flatMap(worker => assignments(worker).map(({ at }) => at)))
}

/** The tasks of one who is dead, as it left them: the last look before somebody took them over. */
async function leftBehind (world: CallsWorld, calls: readonly PartnerCall[]): Promise<readonly TaskRow[]> {
  const partitions = new Set(calls.map(call => placeOf(call).partition))
  let left: readonly TaskRow[] = (await world.tasks()).filter(({ partition }) => partitions.has(partition))
  for (;;) {
    const now = (await world.tasks()).filter(({ partition }) => partitions.has(partition))
    if (now.some(({ epoch }, nth) => epoch !== left[nth]?.epoch)) return left
    left = now
    await sleep(20)
  }
}

/** Where an errand stands in the log: its idempotency key says so. */
function placeOf ({ key }: PartnerCall): { readonly partition: number, readonly offset: number } {
  const [, partition, offset] = /-(\d+)@(\d+)\//.exec(key) ?? []
  return { partition: Number(partition), offset: Number(offset) }
}

/** Whether what came of this call was committed when its worker died. */
function isCommitted (call: PartnerCall, task: TaskRow, { errandsTopic }: CallsWorld, retries: readonly LogRecord[]): boolean {
  const { partition, offset } = placeOf(call)
  // Passed over, and perhaps not called for: parked behind another of its key.
  const parked = task.parked.get(offset)
  if (parked !== undefined) return parked >= call.attempt
  if (call.attempt === 1) return isCovered(task.progressOf(errandsTopic), [offset, offset + 1])
  const tried = retries.filter(record => {
    const retry = retryOf(record)
    return retry?.partition === partition && retry.offset === offset && retry.attempts === call.attempt - 1
  })
  return tried.every(record => isCovered(task.progressOf(record.topic), [record.offset, record.offset + 1]))
}

interface Window {
  readonly from: number
  readonly to: number
}

const LATE_MS = 1_000
const WARMING = 100
/** Long enough for a worker that is alive to say so, and to finish what is in flight, on a machine that has little time for it. */
const SESSION_MS = 6_000
/** What a worker says that the group has lost, or that could not finish what was in flight: then calls are made twice, and none of this can be promised. */
const STARVED = /No heartbeat was answered|The group has gone on without|is not finished before the rebalance/

/**
 * An attempt is made after the delay, and at most a second late: a second behind the end of the delay or of the move of its partition, and behind
 * the commits of two units, the one in flight and its own, as long as those took on this machine at that time. Answers with how late the latest was.
 */
function assertDelays (calls: readonly PartnerCall[], moves: readonly Window[], pulse: UnitPulse): string {
  let latest = { ms: 0, commitMs: 0 }
  for (const [id, attempts] of Map.groupBy(calls, ({ id }) => id)) {
    for (const next of attempts.filter(({ attempt }) => attempt > 1)) {
      // A call whose outcome was lost was made again: the later one counts.
      const before = attempts.findLast(({ attempt, at }) => attempt === next.attempt - 1 && at < next.at)
      ok(before?.answeredAt !== undefined, `errand ${id}: attempt ${next.attempt} stands behind none that was answered`)
      const dueAt = before.answeredAt + (DELAYS_MS[next.attempt - 2] ?? 0)
      ok(next.at >= dueAt, `errand ${id}: attempt ${next.attempt} was ${dueAt - next.at} ms early`)
      // Made again, it is as late as whoever made it first died.
      if (attempts.some(({ attempt, at }) => attempt === next.attempt && at < next.at)) continue
      const movedAt = Math.max(dueAt, ...moves.filter(({ from, to }) => dueAt >= from - LATE_MS && dueAt < to).map(({ to }) => to))
      const commitMs = pulse.longest(before.answeredAt, next.at)
      ok(next.at <= movedAt + LATE_MS + 2 * commitMs, `errand ${id}: attempt ${next.attempt} was ${next.at - dueAt} ms late, ${next.at - movedAt} ms where partitions moved; a commit took ${commitMs} ms then`)
      if (next.at - movedAt > latest.ms) latest = { ms: next.at - movedAt, commitMs }
    }
  }
  return `the latest attempt was ${latest.ms} ms late; a commit took up to ${latest.commitMs} ms then`
}

/** What was called again had been called by the one who died, was not committed, and all that was not was. */
function assertRepeats (world: CallsWorld, { pid, left, retries }: { readonly pid: number, readonly left: readonly TaskRow[], readonly retries: readonly LogRecord[] }): number {
  let repeated = 0
  for (const [id, calls] of Map.groupBy(world.partner.calls, ({ id }) => id)) {
    equal(new Set(calls.map(({ key }) => key)).size, 1, `errand ${id} has one idempotency key`)
    for (const [attempt, same] of Map.groupBy(calls, ({ attempt }) => attempt)) {
      const [first] = same
      const task = left.find(({ partition }) => first !== undefined && partition === placeOf(first).partition)
      if (first?.pid !== pid || task === undefined) {
        equal(same.length, 1, `errand ${id}: attempt ${attempt} was made by one who lives`)
        continue
      }
      const expected = isCommitted(first, task, world, retries) ? 1 : 2
      equal(same.length, expected, `errand ${id}: attempt ${attempt}, ${expected === 1 ? 'committed' : 'not committed'} at the kill`)
      if (expected === 2) repeated++
    }
  }
  return repeated
}

/** Three workers, of which one is killed while it waits for delays and calls, and another that comes. */
async function assertSurvives (t: TestContext, services: Services, calling: string): Promise<CallsWorld> {
  const world = await openCallsWorld(t, services, calling)
  const errands = randomErrands(1, { count: 1_500, keys: 60 })
  const start = (): WorkerProcess => world.start({ KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS) })
  const workers = [start(), start(), start()] as const
  const [victim, ...others] = workers
  await haveTasks(workers)
  const { pid = 0 } = victim.child
  // A first unit opens connections and asks for producer ids: delays are promised of workers that run.
  await world.feed(errands.slice(0, WARMING))
  await world.settled(WARMING)
  const pulse = world.pulse()
  const feeding = (async () => {
    for (let from = WARMING; from < errands.length; from += 50) {
      await world.feed(errands.slice(from, from + 50))
      await sleep(300)
    }
  })()
  const { calls } = world.partner
  await until('the one to be killed waits for delays and calls', () => calls.length > 400 && calls.some(call => call.pid === pid && call.answeredAt === undefined) &&
    calls.some(call => call.pid === pid && call.status === 503 && Date.now() - (call.answeredAt ?? 0) < 100))

  const killedAt = Date.now()
  victim.child.kill('SIGKILL')
  const left = await leftBehind(world, calls.filter(call => call.pid === pid))
  const movedAt = await haveTasks(others, killedAt)
  await until('what moved is at work', () => calls.length > 900)
  const joinedAt = Date.now()
  const joining = start()
  const joined = await haveTasks([...others, joining], joinedAt)
  await feeding
  await world.settled(errands.length)

  await assertDone(world, errands)
  for (const worker of [...others, joining]) doesNotMatch(worker.output(), STARVED)
  const stoppedAt = Math.min(...others.map(worker => pausedAt(worker, joinedAt)))
  t.diagnostic(assertDelays(calls.filter(({ id }) => id >= WARMING), [{ from: killedAt, to: movedAt }, { from: stoppedAt, to: joined }], pulse))
  const repeated = assertRepeats(world, { pid, left, retries: await world.retries() })
  ok(repeated > 0, 'nothing was in flight at the kill')
  t.diagnostic(`${calls.length} calls for ${errands.length} errands; in flight at the kill and made again: ${repeated}; partitions stood still for ${movedAt - killedAt} ms and ${joined - stoppedAt} ms`)
  deepEqual(await Promise.all([...others, joining].map(async worker => await worker.stop())), [0, 0, 0])
  return world
}

integrationTest('retries through delay topics on three workers, of which one is killed, and another that comes', async (t, services) => {
  await assertSurvives(t, services, 'delayed')
})

integrationTest('ordered retries on three workers, of which one is killed, keep the order of each key', async (t, services) => {
  const world = await assertSurvives(t, services, 'parked')

  for (const [key, done] of await world.effects()) {
    const ids = done.map(({ id }) => id)
    deepEqual(ids, ids.toSorted((a, b) => a - b), `what took effect for ${key}`)
    const answered = ids.map(id => world.partner.calls.find(call => call.id === id && call.status === 200)?.answeredAt ?? Infinity)
    deepEqual(answered, answered.toSorted((a, b) => a - b), `what was done outside for ${key}`)
  }
})

integrationTest('what is done beyond a record that takes long is not called again after a restart', async (t, services) => {
  const world = await openCallsWorld(t, services, 'delayed')
  const release = world.partner.hold(0)
  const errands = Array.from({ length: 300 }, (_, id): FedErrand => ({ id, key: id === 0 ? 'slow' : `k${id}`, fails: 0, takesMs: 2 }))
  const first = world.start()
  await haveTasks([first])
  await world.feed(errands)
  await until('all others have taken effect', async () => (await world.effects()).size === errands.length - 1)
  const [slow] = world.partner.calls.filter(({ id }) => id === 0)
  ok(slow !== undefined)
  const { partition, offset } = placeOf(slow)
  const progress = (await world.tasks()).find(task => task.partition === partition)?.progressOf(world.errandsTopic)
  equal(progress?.offset, offset, 'the position stands at it')
  equal(progress.beyond.length, 1, 'what is behind it is one range')

  first.child.kill('SIGKILL')
  const second = world.start()
  await until('it is called again', () => world.partner.calls.filter(({ id }) => id === 0).length === 2)
  release()
  await world.settled(errands.length)

  await assertDone(world, errands)
  deepEqual([...Map.groupBy(world.partner.calls, ({ id }) => id)].filter(([, calls]) => calls.length > 1).map(([id]) => id), [0])
  equal(await second.stop(), 0)
})

integrationTest('while a partner is down only probes are made; nothing is lost or stuck, and work goes on with the first probe that is answered', async (t, services) => {
  const world = await openCallsWorld(t, services, 'guarded')
  const { calls } = world.partner
  const worker = world.start({ KAFKA_WORKER_STUCK_AFTER_MS: '3000' })
  await haveTasks([worker])
  const address = await worker.address()
  const errands = Array.from({ length: 1_200 }, (_, id): FedErrand => ({ id, key: `k${id}`, fails: id % 50 === 49 ? 1 : 0, takesMs: 5 }))
  const feeding = (async () => {
    for (let from = 0; from < errands.length; from += 20) {
      await world.feed(errands.slice(from, from + 20))
      await sleep(300)
    }
  })()
  await until('it is at work', () => calls.length > 60)

  world.partner.goDown(true)
  await until('the breaker is open', async () => await breakerOf(address) !== undefined)
  // A cooldown later the calls that had begun are over.
  const openAt = Date.now() + BREAKER.cooldownMs
  const before = await world.lag()
  await sleep(10_000)
  const probes = calls.filter(({ at }) => at > openAt)
  const [lag, pause] = [await world.lag(), await breakerOf(address)]
  world.partner.goDown(false)
  const upAt = Date.now()
  await until('calls are answered again', () => calls.some(({ at, status }) => at >= upAt && status === 200))
  const answeredAt = calls.find(({ at, status }) => at >= upAt && status === 200)?.at ?? Infinity
  await feeding
  await world.settled(errands.length)

  t.diagnostic(`${probes.length} probes; lag grew from ${before} to ${lag}; went on ${answeredAt - upAt} ms after the partner was back`)
  // However long it took until they were counted: each is alone, and a cooldown behind the failure of the one before.
  ok(probes.length > 1, `${probes.length} probes`)
  for (const [nth, { at }] of probes.entries()) {
    const before = probes[nth - 1]?.at ?? -Infinity
    ok(at - before >= BREAKER.cooldownMs, `probe ${nth} came ${at - before} ms after the one before`)
  }
  ok(lag > before, `the lag was ${before} and is ${lag}`)
  match(pause?.reason ?? '', /the breaker of 'partner' is (open|half-open)/)
  ok(answeredAt - upAt <= BREAKER.cooldownMs + 500, `it went on after ${answeredAt - upAt} ms`)
  doesNotMatch(worker.output(), /has not advanced/)
  // What failed before there were enough failures for a verdict was counted.
  const cut = new Set(calls.filter(({ at, status }) => at < openAt && status === undefined).map(({ id }) => id))
  const spoilt = new Set((await world.results()).filter(({ id, attempt }) => cut.has(id) && attempt > (errands[id]?.fails ?? 0) + 1).map(({ id }) => id))
  ok(spoilt.size < 2 * BREAKER.minimumCalls, `${spoilt.size} attempts were counted`)
  await assertDone(world, errands, spoilt)
  await until('the pause is over', async () => await breakerOf(address) === undefined)
  equal(await worker.stop(), 0)
})

async function breakerOf (address: string): Promise<{ readonly reason: string } | undefined> {
  // As worker-server.ts answers.
  const { pauses } = await (await fetch(`${address}/stream/worker`)).json() as { readonly pauses: readonly { readonly kind: string, readonly reason: string }[] }
  return pauses.find(({ kind }) => kind === 'breaker')
}
