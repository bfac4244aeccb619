import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { runOwn } from './peer-subject.ts'
import type { Summaries, Summary } from './orders.ts'
import type { CountingRun, CountingSubject } from './subject.ts'

/** What a loop written by hand for this one work reaches: see floor.ts. */
export const floor: CountingSubject = {
  name: 'floor',
  isPeer: false,
  async run (owner, run) {
    const { services, applicationId, topic, deadLetterTopic, records } = run
    return await runOwn(owner, run, {
      name: 'floor',
      command: process.execPath,
      words: [fileURLToPath(new URL('floor.ts', import.meta.url))],
      environment: {
        KAFKA_BOOTSTRAP: services.kafka, DATABASE_URL: services.postgres, APPLICATION_ID: applicationId, TOPIC_ORDERS: topic, TOPIC_DEAD_LETTERS: deadLetterTopic, RECORDS: String(records)
      }
    }, async () => await readTable(run))
  }
}

async function readTable ({ services, applicationId }: CountingRun): Promise<Summaries> {
  const client = new Client({ connectionString: services.postgres, types: { getTypeParser: () => String } })
  await client.connect()
  try {
    const { rows } = await client.query<Record<'customer' | keyof Summary, string>>(`select customer, count, sum, min, max, last_at as "lastAt" from "${applicationId}".summaries`)
    return new Map(rows.map(({ customer, count, sum, min, max, lastAt }) => [customer, { count: Number(count), sum: Number(sum), min: Number(min), max: Number(max), lastAt: Number(lastAt) }]))
  } finally {
    await client.end()
  }
}
