import { encodeArray, quote, rowsOf } from '../../streams/state/postgres/sql.ts'
import { openKafkaLog, openPostgres } from '../../streams/runtime.ts'
import type { LogRecord, OutgoingRecord } from '../../streams/index.ts'
import { openInbox } from '../floor/inbox.ts'
import { openProgress } from '../lib/progress.ts'
import type { Summary } from './orders.ts'
import { readOrder } from './read-order.ts'

/**
 * The counting as one would write it by hand for speed alone: the same reader as the framework's, all summaries in memory, and each second one
 * transaction with the rows that changed and the positions, while the loop goes on.
 *
 * It does without membership, fencing, retries, a bound on memory, and state from before its start.
 */
const MOST = 5_000
const COMMIT_EVERY_MS = 1_000

async function main ({ bootstrap, url, applicationId, topic, deadLetterTopic, records }: Settings): Promise<void> {
  const database = openPostgres({ url, applicationName: `millrace ${applicationId}`, maxConnections: 1 })
  const session = await database.session()
  const schema = quote(applicationId)
  await session.query({
    text: `create schema ${schema};
      create table ${schema}.summaries (customer text collate "C" primary key, count bigint not null, sum bigint not null, min bigint not null, max bigint not null, last_at bigint not null) with (fillfactor = 80);
      create table ${schema}.positions (partition integer primary key, next bigint not null)`
  })
  const log = openKafkaLog({ brokers: bootstrap.split(','), clientId: 'millrace-floor' })
  const producer = log.openProducer()
  const inbox = await openInbox(log, [topic])
  const progress = openProgress()

  const summaries = new Map<string, Summary>()
  const changed = new Set<string>()
  const next = new Map<number, number>()
  let sent: Promise<void> = Promise.resolve()
  let committing: Promise<void> = Promise.resolve()

  const add = ({ key, partition, offset, timestamp, value }: LogRecord, refused: OutgoingRecord[]): void => {
    next.set(partition, offset + 1)
    const order = value === null ? undefined : readOrder(value)
    if (order === undefined) {
      refused.push({ topic: deadLetterTopic, key, value, headers: [], timestamp })
      return
    }
    const { customer, amountCents, placedAt } = order
    const summary = summaries.get(customer)
    changed.add(customer)
    if (summary === undefined) summaries.set(customer, { count: 1, sum: amountCents, min: amountCents, max: amountCents, lastAt: placedAt })
    else {
      summary.count++
      summary.sum += amountCents
      if (amountCents < summary.min) summary.min = amountCents
      if (amountCents > summary.max) summary.max = amountCents
      if (placedAt > summary.lastAt) summary.lastAt = placedAt
    }
  }
  const commit = async (): Promise<void> => {
    const positions = [...next]
    const customers = [...changed]
    // Copies of the numbers: the loop goes on while they are written.
    const bigints = (pick: (summary: Summary) => number): Buffer => encodeArray('bigint', customers.map(customer => pick(summaries.get(customer) ?? NOTHING)))
    const values = [encodeArray('text', customers), bigints(({ count }) => count), bigints(({ sum }) => sum), bigints(({ min }) => min), bigints(({ max }) => max), bigints(({ lastAt }) => lastAt)]
    changed.clear()
    // A dead letter is in the log before its record is behind the position.
    await sent
    await Promise.all([
      session.query({ text: 'begin' }),
      session.query({
        prepared: true,
        text: `insert into ${schema}.summaries (customer, count, sum, min, max, last_at)
          ${rowsOf(['text', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint'])}
          on conflict (customer) do update set count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max, last_at = excluded.last_at`,
        values
      }),
      session.query({
        prepared: true,
        text: `insert into ${schema}.positions ${rowsOf(['integer', 'bigint'])} on conflict (partition) do update set next = excluded.next`,
        values: [encodeArray('integer', positions.map(([partition]) => partition)), encodeArray('bigint', positions.map(([, offset]) => offset))]
      }),
      session.query({ text: 'commit' })
    ])
  }

  for (let done = 0, committedAt = performance.now(); done < records;) {
    const taken = await inbox.take(MOST)
    const refused: OutgoingRecord[] = []
    for (const record of taken) add(record, refused)
    if (refused.length > 0) sent = sent.then(async () => await producer.send(refused))
    done += taken.length
    progress.at(done)
    if (done === records || performance.now() - committedAt >= COMMIT_EVERY_MS) {
      committedAt = performance.now()
      // One connection: the commit before is done long since, unless Postgres is what holds the loop up.
      await committing
      committing = commit()
      committing.catch(fail)
    }
  }
  await committing
  progress.committed(records)
  // The result is the table.
  progress.result()
}

const NOTHING: Summary = { count: 0, sum: 0, min: 0, max: 0, lastAt: 0 }

interface Settings {
  readonly bootstrap: string
  readonly url: string
  readonly applicationId: string
  readonly topic: string
  readonly deadLetterTopic: string
  readonly records: number
}

function readSettings ({ KAFKA_BOOTSTRAP = '', DATABASE_URL = '', APPLICATION_ID = '', TOPIC_ORDERS = '', TOPIC_DEAD_LETTERS = '', RECORDS }: NodeJS.ProcessEnv): Settings {
  return { bootstrap: KAFKA_BOOTSTRAP, url: DATABASE_URL, applicationId: APPLICATION_ID, topic: TOPIC_ORDERS, deadLetterTopic: TOPIC_DEAD_LETTERS, records: Number(RECORDS) }
}

function fail (error: unknown): never {
  process.stderr.write(`floor: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

process.once('SIGTERM', () => process.exit(0))
await main(readSettings(process.env)).catch(fail)
