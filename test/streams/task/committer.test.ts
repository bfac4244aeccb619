import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogError } from '../../../streams/index.ts'
import { Pauses } from '../../../streams/pauses.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import { beginUnit, commitUnit, type Milestone, type Outcome } from '../../../streams/task/committer.ts'
import { Outbound } from '../../../streams/task/outbound.ts'
import { StoreStates } from '../../../streams/task/stores/store-states.ts'
import { Task } from '../../../streams/task/task.ts'
import { UnitRunner } from '../../../streams/task/unit.ts'
import { eventLog } from '../../../stores/event-log.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { fakeProducer } from '../../helpers/producer.ts'
import { faulty, itemOf, moveRecord, moving, taskOf, type Faults } from '../../helpers/tasks.ts'
import { claimUnit } from '../../helpers/units.ts'

/** A unit of three records of task 0, prepared; `commit` takes it through the steps. */
async function prepared (faults: Faults = {}, acknowledgeWithinMs = 10_000) {
  const memory = openMemoryState()
  const [position] = await memory.takeOver([{ subTopology: 'moves', partition: 0, offsets: { moves: 0 } }])
  assert.ok(position !== undefined)
  const task = new Task(taskOf(moving).subTopology, position, ['moves'], 1)
  const stores = new StoreStates(moving.stores)
  const producer = fakeProducer()
  const runner = new UnitRunner({ topology: moving, applicationId: 'app', stores, now: () => 0, maxRecordBytes: 10_000 })
  for (const offset of [0, 1, 2]) {
    const item = itemOf(moveRecord(offset), task)
    while (!runner.run(item)) {
      const wanted = stores.takeMissing()
      stores.accept(await memory.load(wanted), wanted)
    }
  }
  const pauses = new Pauses()
  const milestones: Milestone[] = []
  const options = {
    state: faulty(memory, faults), stores, outbound: new Outbound(producer), takeApplied: () => [], acknowledgeWithinMs, pauses, reached: (milestone: Milestone) => { milestones.push(milestone) }
  }
  const commit = async (): Promise<Outcome> => {
    const begun = await beginUnit(options)
    const unit = runner.close()
    stores.seal()
    return await commitUnit(unit, begun, options)
  }
  return { memory, position, producer, commit, milestones, pauses }
}

test('a unit is inserted, claimed, produced and written, in this order', async () => {
  const { memory, position, producer, commit, milestones } = await prepared()

  const outcome = await commit()

  assert.equal(outcome.kind, 'committed')
  assert.deepEqual(milestones, ['inserted', 'claimed', 'produced', 'written'])
  assert.equal(producer.sent.length, 3)
  const moved = { ...position, unit: 1, offsets: { moves: 3 }, streamTime: 1_700_000_000_002 }
  assert.deepEqual(await memory.positions([position]), [moved])
  assert.deepEqual(outcome.kind === 'committed' && outcome.positions, [moved])
})

test('a lost task is told before anything is produced', async () => {
  const { memory, position, producer, commit } = await prepared()
  await memory.takeOver([position])

  const outcome = await commit()

  assert.deepEqual(outcome.kind === 'lost' && outcome.tasks.map(({ partition }) => partition), [0])
  assert.deepEqual([producer.sent, memory.table(eventLog)], [[], []])
})

test('a row that somebody else made first is a conflict, before anything is produced', async () => {
  const { memory, producer, commit } = await prepared()
  const other = await memory.begin()
  await claimUnit(other, [], [{ kind: 'rows', store: eventLog, rows: new Map([['e1', { event_id: 'e1' }]]), decided: [] }])
  await other.write([], [])

  const outcome = await commit()

  assert.deepEqual([outcome.kind, outcome.kind === 'again' && outcome.reason], ['again', 'conflict'])
  assert.deepEqual([producer.sent, memory.table(itemPopularity)], [[], []])
})

for (const [what, faults, expected] of [
  ['no connection', { begin: () => { throw new StateError('outage', 'away', undefined) } }, 'again outage'],
  ['an outage at the claim', { claim: () => { throw new StateError('outage', 'away', undefined) } }, 'again outage'],
  ['an outage at the writes', { write: () => { throw new StateError('outage', 'away', undefined) } }, 'again outage'],
  ['bad data', { write: () => { throw new StateError('data', 'bad', undefined) } }, 'data'],
  ['a missing table', { write: () => { throw new StateError('fatal', 'no table', undefined) } }, 'fatal'],
  ['a commit without an answer', { written: () => { throw new StateError('unknown', 'silence', undefined) } }, 'unknown'],
  ['a mistake of ours', { write: () => { throw new TypeError('oops') } }, 'fatal']
] as const) {
  test(`${what}: ${expected}`, async () => {
    const { commit } = await prepared(faults)

    const outcome = await commit()

    assert.equal(outcome.kind === 'again' ? `again ${outcome.reason}` : outcome.kind, expected)
  })
}

for (const [kind, recordIndex, expected] of [['outage', undefined, 'again'], ['fatal', undefined, 'fatal'], ['data', 1, 'unsendable']] as const) {
  test(`an error of the log of kind ${kind} leaves nothing in the state: ${expected}`, async () => {
    const { memory, position, producer, commit } = await prepared()
    producer.fail = () => new LogError(kind, 'no', recordIndex === undefined ? {} : { recordIndex })

    const outcome = await commit()

    assert.equal(outcome.kind, expected)
    if (outcome.kind === 'unsendable') assert.equal(outcome.emission.item.record?.offset, 1)
    assert.deepEqual([memory.table(eventLog), await memory.positions([position])], [[], [position]])
  })
}

for (const [what, answer] of [['acknowledges', undefined], ['refuses', new LogError('outage', 'too few replicas')]] as const) {
  test(`acknowledgements that take too long roll the unit back at once; when the log ${what} in the end, it is run again`, async () => {
    let rolledBack = 0
    const { memory, position, producer, commit, pauses } = await prepared({ rollback: () => { rolledBack++ } }, 20)
    const log = Promise.withResolvers<void>()
    const send = producer.send
    const slow = async (...given: Parameters<typeof send>): Promise<void> => {
      await log.promise
      await send(...given)
    }
    Object.assign(producer, { send: slow })
    producer.fail = () => answer

    const committing = commit()
    while (pauses.of('kafka') === undefined) await new Promise(resolve => setTimeout(resolve, 1))

    assert.equal(rolledBack, 1)
    assert.match(pauses.of('kafka')?.reason ?? '', /^no acknowledgement within 20 ms/)
    log.resolve()
    const outcome = await committing
    assert.deepEqual([outcome.kind, outcome.kind === 'again' && outcome.reason, rolledBack], ['again', 'outage', 1])
    assert.deepEqual([memory.table(eventLog), await memory.positions([position])], [[], [position]])
  })
}
