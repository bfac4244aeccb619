import { Client } from 'pg'
import type { Services } from './services.ts'

/** A connection for as long as the work takes. */
export async function withPostgres<T> ({ postgres }: Pick<Services, 'postgres'>, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
