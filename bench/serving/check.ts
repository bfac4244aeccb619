import { Client } from 'pg'
import { createRandom } from '../../bin/sample-events.ts'
import { assertSameRows, deadLettersOf, readTopic } from '../../test/helpers/recommender.ts'
import { runModel } from '../../test/helpers/model.ts'
import { asModelRecord, type System } from '../lib/live.ts'
import type { Server } from './servers.ts'

type Asked = Pick<Server, 'name' | 'origin'> & { readonly process: Pick<Server['process'], 'output'> }

const USERS_ASKED = 200

/** Of a log that is not to fill the report: its end, which says why an answer failed. */
const LAST_WORDS = 1_000

/** The same users asked everywhere: what is wrong with the answers, which are to be the same; undefined: nothing. */
export async function findDifference (servers: readonly Asked[], { users, k }: { readonly users: number, readonly k: number }): Promise<string | undefined> {
  const random = createRandom(7)
  for (let count = 0; count < USERS_ASKED; count++) {
    const user = `user-${random.below(users)}`
    const answers: { readonly server: Asked, readonly items: string }[] = []
    // One after the other: those who fall back to Postgres are to keep up.
    for (const server of servers) answers.push({ server, items: await itemsOf(`${server.origin}/reco?user_id=${user}&session_id=bench&k=${k}`) })
    const [first] = answers
    const other = answers.find(({ items }) => items !== first?.items)
    if (first !== undefined && other !== undefined) {
      return `${user}: ${first.server.name} answers ${first.items} and ${other.server.name} ${other.items}; the last it said: ${other.server.process.output().slice(-LAST_WORDS)}`
    }
  }
}

async function itemsOf (url: string): Promise<string> {
  const response = await fetch(url)
  const answer: unknown = await response.json()
  return response.ok && typeof answer === 'object' && answer !== null && 'items' in answer ? JSON.stringify(answer.items) : `${response.status} ${JSON.stringify(answer)}`
}

/** What is wrong with what was made of the events, on top of a state that was there before: logs, popularity and dead letters. */
export async function findMistakeOnTop ({ services, applicationId, topics, settings }: System, records: number): Promise<string | undefined> {
  const read = (await Promise.all([topics.watch, topics.impression].map(async topic => await readTopic(services, topic)))).flat()
  if (read.length !== records) return `${records} records were produced and ${read.length} are in the topics`
  const expected = runModel(read.map(asModelRecord), settings)
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    const rows = async (sql: string): Promise<readonly object[]> => (await client.query(sql.replaceAll('$schema', `"${applicationId}"`))).rows
    assertSameRows(await rows('select event_id from $schema.watches order by event_id'), expected.watches.map(({ event_id: id }) => ({ event_id: id })), 'watches')
    assertSameRows(await rows('select event_id, position from $schema.impressions order by event_id, position'), expected.impressions.map(({ event_id: id, position }) => ({ event_id: id, position })), 'impressions')
    assertSameRows(await rows(`select item_id, (now.score - coalesce(before.score, 0))::integer as score
      from $schema.item_popularity as now left join $schema.bench_popularity as before using (item_id) where now.score is distinct from before.score order by item_id`),
    expected.item_popularity.filter(({ score }) => score !== 0), 'what was added to item_popularity')
    assertSameRows(deadLettersOf(await readTopic(services, topics.dlq)), expected.dead_letters, 'dead letters')
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.end()
  }
}
