import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** What the run before left to Postgres is not charged to the next. */
export async function settle (address: string): Promise<void> {
  const client = new Client({ connectionString: address })
  await client.connect()
  await client.query('checkpoint').catch(() => {})
  await client.end()
  await sleep(500)
}
