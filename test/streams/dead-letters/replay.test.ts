import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Criteria } from '../../../streams/dead-letters/criteria.ts'
import { openLedger } from '../../../streams/dead-letters/ledger.ts'
import { lettersOf } from '../../../streams/dead-letters/letters.ts'
import { readReplayMark } from '../../../streams/dead-letters/replay-mark.ts'
import { replay, type ReplayOptions, type ReplayReport } from '../../../streams/dead-letters/replay.ts'
import { LogError, type Log, type LogRecord, type OutgoingRecord } from '../../../streams/log/log.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { readRanges, wholeRanges } from '../../../streams/log/read-range.ts'
import { openPglite } from '../../../streams/state/pglite.ts'
import { failed, letters, type Failed } from '../../helpers/dead-letters.ts'

// One for all tests: each has a log of its own, which the ledger tells apart.
const database = await openPglite()
after(async () => await database.close())

/** A log with `orders` (four partitions), `elsewhere` and a dead-letter topic with these records. */
async function world (dead: readonly Omit<OutgoingRecord, 'topic'>[]): Promise<Log> {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'orders', partitions: 4 }, { name: 'elsewhere', partitions: 2 }, { name: 'dead', partitions: 1 }])
  await log.openProducer().send(dead.map(record => ({ topic: 'dead', ...record })))
  return log
}

async function run (log: Log, { criteria = {}, ...given }: Partial<ReplayOptions> & { readonly criteria?: Criteria } = {}): Promise<ReplayReport> {
  return await replay({
    log,
    database,
    topic: 'dead',
    letters: ledger => lettersOf({ log, topic: 'dead', ledger, criteria }),
    to: undefined,
    dryRun: false,
    limit: Infinity,
    rate: Infinity,
    maxReplays: 5,
    signal: new AbortController().signal,
    waiting: () => {},
    settling: () => {},
    resendUnsure: async () => false,
    progressed: () => {},
    settledAfterMs: 0,
    ...given
  })
}

async function read (log: Log, topic: string): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const { records } of readRanges(log, await wholeRanges(log, [topic]))) all.push(...records)
  return all
}

const numbered = (n: number): Failed => ({ ...failed, partition: n % 4, offset: n, key: Buffer.from(`k${n}`), value: Buffer.from(String(n)) })
const numbers = (records: readonly LogRecord[]): number[] => records.map(({ value }) => Number(value)).sort((a, b) => a - b)
const total = ({ sent }: ReplayReport): number => [...sent.values()].reduce((sum, count) => sum + count, 0)

/** Its producers do something else than send, the first time. */
function failingOnce (log: Log, fail: (records: readonly OutgoingRecord[], send: (records: readonly OutgoingRecord[]) => Promise<void>) => Promise<void>): Log {
  let hasFailed = false
  return {
    ...log,
    openProducer () {
      const producer = log.openProducer()
      return {
        ...producer,
        async send (records) {
          if (hasFailed) return await producer.send(records)
          hasFailed = true
          await fail(records, producer.send)
        }
      }
    }
  }
}

for (const [family, write] of Object.entries(letters)) {
  test(`a dead letter of family ${family} goes back to the partition that it came from, as the record that it was, and only once`, async () => {
    const log = await world([write(failed)])

    const first = await run(log)
    const again = await run(log)

    assert.deepEqual([total(first), total(again), again.alreadySent], [1, 0, 1])
    const [record, ...more] = await read(log, 'orders')
    assert.equal(more.length, 0)
    assert.deepEqual([record?.partition, String(record?.key), String(record?.value), record?.timestamp], [failed.partition, String(failed.key), String(failed.value), 1_700_000_000_123])
    const own = family === 'share-group' || family === 'envelope' ? [] : failed.headers
    assert.deepEqual(record?.headers.filter(([name]) => !name.startsWith('__millrace.replay.')), own)
    const mark = readReplayMark(record?.headers ?? [], 'orders')
    assert.deepEqual([mark?.count, mark?.errorId.endsWith('/orders-3@1234'), mark?.letter], [1, true, 'dead-0@0'])
  })
}

test('only what fits is sent, to another topic by its key, and no more than the limit', async () => {
  const log = await world([0, 1, 2, 3, 4, 5].map(n => n % 2 === 0 ? letters.spring(numbered(n)) : letters.connect(numbered(n))))

  const report = await run(log, { criteria: { error: 'DataException' }, to: 'elsewhere', limit: 2 })

  assert.deepEqual([report.sent.get('elsewhere'), report.stopped], [2, 'limit'])
  assert.deepEqual(numbers(await read(log, 'elsewhere')), [1, 3])
})

test('a dry run says what would be sent, sends nothing and writes nothing down', async () => {
  const log = await world([letters.millrace(failed), letters.spring(failed)])

  const report = await run(log, { dryRun: true })

  assert.deepEqual([...report.sent], [['orders', 2]])
  assert.deepEqual(await read(log, 'orders'), [])
  assert.equal(total(await run(log)), 2)
})

test('after a crash between the intent and the acknowledgement the topics say what was sent: nothing twice, nothing left out', async () => {
  const log = await world(Array.from({ length: 10 }, (_, n) => letters.millrace(numbered(n))))
  const dying = failingOnce(log, async (records, send) => {
    await send(records.slice(0, 4))
    throw new Error('killed')
  })

  await assert.rejects(run(dying), /killed/)
  const settling: number[] = []
  const report = await run(log, { settling: count => settling.push(count) })

  assert.deepEqual(settling, [10])
  assert.deepEqual([total(report), report.alreadySent, report.unsure], [6, 4, 0])
  assert.deepEqual(numbers(await read(log, 'orders')), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('where the topic does not tell any more, what was perhaps sent is left out until somebody says so', async () => {
  const log = await world([0, 4, 8].map(n => letters.millrace(numbered(n))))
  await log.openProducer().send([{ topic: 'orders', partition: 0, key: null, value: Buffer.from('0'), headers: [] }])
  await assert.rejects(run(failingOnce(log, async () => { throw new Error('killed') })), /killed/)
  await log.openProducer().send([{ topic: 'orders', partition: 0, key: null, value: Buffer.from('0'), headers: [] }])
  await log.deleteRecords([{ topic: 'orders', partition: 0, offset: 2 }])

  const asked: number[] = []
  const left = await run(log, { resendUnsure: async count => asked.push(count) === 0 })
  const resent = await run(log, { resendUnsure: async () => true })

  assert.deepEqual(asked, [3])
  assert.deepEqual([total(left), left.unsure], [0, 3])
  assert.deepEqual([total(resent), resent.unsure], [3, 0])
  assert.deepEqual(numbers(await read(log, 'orders')), [0, 4, 8])
})

test('a failure of the log ends the replay; what was acknowledged is written down as sent', async () => {
  const log = await world([0, 1, 2].map(n => letters.millrace(numbered(n))))
  const away = failingOnce(log, async (records, send) => {
    await send(records.slice(0, 1))
    throw new LogError('outage', 'away', { acknowledged: [0] })
  })

  await assert.rejects(run(away), /away/)
  const report = await run(log)

  assert.deepEqual([total(report), report.alreadySent], [2, 1])
  assert.deepEqual(numbers(await read(log, 'orders')), [0, 1, 2])
})

test('a record that the log never takes is refused alone, and the others are sent once', async () => {
  const log = await world([0, 1, 2, 3].map(n => letters.spring(numbered(n))))
  const picky = failingOnce(log, async (records, send) => {
    await send(records.slice(0, 1))
    throw new LogError('data', 'MESSAGE_TOO_LARGE', { acknowledged: [0], recordIndex: 2 })
  })

  const report = await run(picky)

  assert.equal(total(report), 3)
  assert.deepEqual([...report.refused].map(([reason, { count, first }]) => [reason, count, first.offset]), [['Kafka does not take it: MESSAGE_TOO_LARGE', 1, 2]])
  assert.deepEqual(numbers(await read(log, 'orders')), [0, 1, 3])
  assert.equal(total(await run(log)), 1, 'it was certainly not sent, so it may be tried again')
})

test('two replays at once send each dead letter once', async () => {
  const log = await world(Array.from({ length: 1_200 }, (_, n) => letters.spring(numbered(n))))

  const reports = await Promise.all([run(log), run(log)])

  assert.deepEqual(reports.map(total).sort((a, b) => a - b), [0, 1_200])
  assert.deepEqual(numbers(await read(log, 'orders')), Array.from({ length: 1_200 }, (_, n) => n))
})

test('what an application wrote for itself is replayed by the user\'s record at the head; where that is gone it is refused', async () => {
  const internal = (path: string): Omit<OutgoingRecord, 'topic'> => {
    const letter = letters.millrace({ ...failed, topic: 'shop-by-user', value: Buffer.from('internal') })
    return { ...letter, headers: [...letter.headers.slice(0, -1), ['millrace-source', Buffer.from(path)]] }
  }
  const log = await world([internal('shop/orders/1/orders-1@0#0/by-user/3#0'), internal('shop/orders/1/orders-1@9#0/by-user/3#0'), internal('shop/orders/1/wall-clock@9#0/by-user/3#0')])
  await log.createTopics([{ name: 'shop-by-user', partitions: 4 }])
  await log.openProducer().send([{ topic: 'orders', partition: 1, key: Buffer.from('k'), value: Buffer.from('the user\'s'), headers: [['h', Buffer.from('1')]], timestamp: 5 }])

  const report = await run(log)

  assert.deepEqual([...report.sent], [['orders', 1]])
  assert.deepEqual((await read(log, 'orders')).map(({ partition, value, timestamp }) => [partition, String(value), timestamp]), [[1, "the user's", 5], [1, "the user's", 5]])
  assert.deepEqual(await read(log, 'shop-by-user'), [])
  assert.match([...report.refused.keys()].join('\n'), /orders-1@9, is gone: say where to with --to\n.+nothing says which record of yours led to it/)
})

test('what cannot be sent as it was is refused, and it says what to do', async () => {
  const often = letters.spring({ ...failed, headers: [['__millrace.replay.error-id', Buffer.from('x')], ['__millrace.replay.count', Buffer.from('5')], ['__millrace.replay.topic', Buffer.from('orders')]] })
  const log = await world([
    often,
    letters.millrace({ ...failed, value: Buffer.alloc(1_000_000, 'x') }),
    { key: null, value: Buffer.from('?'), headers: [] },
    letters.spring({ ...failed, topic: 'dead' }),
    letters.spring({ ...failed, topic: 'nowhere' })
  ])

  const reasons = [...(await run(log)).refused.keys()]

  assert.deepEqual(await read(log, 'orders'), [])
  for (const [index, sentence] of [/replayed 5 times already .+ --max-replays/, /payload did not fit .+ lost: edit/, /does not say which topic .+ --to/, /dead-letter topic that it lies in/, /no topic 'nowhere'/].entries()) {
    assert.match(reasons[index] ?? '', sentence)
  }
  await assert.rejects(run(log, { to: 'nowhere' }), /no topic 'nowhere' on this cluster; nothing was sent/)
})

test('a topic that was deleted and made anew under its name has a ledger of its own', async () => {
  const log = await world([letters.spring(failed)])
  await run(log)
  await log.deleteTopics(['dead'])
  await log.createTopics([{ name: 'dead', partitions: 1 }])
  await log.openProducer().send([{ topic: 'dead', ...letters.spring(numbered(1)) }])

  assert.equal(total(await run(log)), 1)
})

test('what is written down of deleted dead letters can be forgotten', async () => {
  const log = await world([0, 1, 2].map(n => letters.spring(numbered(n))))
  await run(log)
  const ledger = openLedger({ database, identity: await log.identify(['dead']), topic: 'dead' })

  assert.deepEqual(await ledger.countBefore([{ partition: 0, offset: 2 }]), { intended: 0, sent: 2 })
  await ledger.forgetBefore([{ partition: 0, offset: 2 }])

  assert.deepEqual([...await ledger.statesIn({ partition: 0, from: 0, to: 3 })], [[2, 'sent']])

  await log.deleteRecords([{ topic: 'dead', partition: 0, offset: 3 }])
  await run(log)
  assert.deepEqual([...await ledger.statesIn({ partition: 0, from: 0, to: 3 })], [], 'the next replay forgets what retention has taken')
})

test('a rate is kept, and a signal ends the replay behind what is being sent', async () => {
  const log = await world(Array.from({ length: 40 }, (_, n) => letters.spring(numbered(n))))
  const end = new AbortController()
  const begun = performance.now()

  const report = await run(log, { rate: 100, signal: end.signal, progressed: sent => { if (sent >= 30) end.abort() } })

  assert.equal(report.stopped, 'signal')
  assert.equal(total(report), 30)
  assert.ok(performance.now() - begun >= 190, 'the third batch of ten is due after 200 ms')
})
