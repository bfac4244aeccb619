import { deepEqual, equal, ok } from 'node:assert/strict'
import { Client } from 'pg'
import { openCuttingProxy } from '../../helpers/cutting-proxy.ts'
import { runModel, type ModelRecord } from '../../helpers/model.ts'
import { FAULT_ROUNDS, openFaultWorld } from '../../helpers/faults.ts'
import { assertTables, caughtUp, modelSettings, readTables, readTopic } from '../../helpers/recommender.ts'
import { integrationTest, type Services } from '../../helpers/services.ts'

integrationTest('connections that Postgres ends at any moment, also during a commit, cost no record and repeat none', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 41, feedMs: 2_000 * FAULT_ROUNDS })
  const fed = world.feed()
  const worker = world.start()
  await world.underWay(worker)

  await withClient(services, async client => {
    for (let cut = 0; cut < 15 * FAULT_ROUNDS; cut++) {
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1', [`millrace ${world.applicationId}%`])
      await new Promise(resolve => setTimeout(resolve, 5 + world.random.below(200)))
    }
  })
  await fed

  await world.assertAll(worker)
  equal(await worker.stop(), 0)
})

integrationTest('a network that breaks before a commit or behind it leaves every record counted once', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 43, feedMs: 2_000 * FAULT_ROUNDS })
  const cuts = { before: 0, after: 0 }
  let isBreaking = false
  let commits = 0
  const { url } = await openCuttingProxy(t, services.postgres, () => {
    if (!isBreaking || ++commits % 3 !== 0) return 'pass'
    const fate = commits % 2 === 0 ? 'before' : 'after'
    cuts[fate]++
    return fate
  })
  const fed = world.feed()
  const worker = world.start({ DATABASE_URL: url })
  await world.underWay(worker)

  isBreaking = true
  await fed
  isBreaking = false

  await world.assertAll(worker)
  t.diagnostic(`cut ${cuts.before} times before a commit, ${cuts.after} times behind one`)
  ok(cuts.before > 0 && cuts.after > 0)
  equal(await worker.stop(), 0)
})

integrationTest('rows that Postgres refuses, at once or only at the commit, send their records to the dead letters and hold up no other', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 42, events: 3_000, feedMs: 0 })
  const { applicationId, topics, records } = world
  const valid = records.filter(({ kind }) => kind === 'valid')
  const ids = (topic: string, from: number): string[] => valid.filter(record => record.topic === topic).slice(from, from + 2).map(record => eventOf(record)['event_id'] ?? '')
  const refused = { watches: ids(topics.watch, 500), events: ids(topics.event, 20), user_history: [rarest(records.filter(({ topic }) => topic !== topics.impression))] }
  const worker = world.start()
  await withClient(services, async client => {
    while ((await client.query('select to_regclass($1) is null as missing', [`"${applicationId}".user_history`])).rows[0]?.missing === true) {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    await client.query(`set search_path to "${applicationId}"`)
    await client.query(refuse('watches', 'event_id', refused.watches, '23514'))
    await client.query(refuse('user_history', 'item_id', refused.user_history, '22001'))
    await client.query(refuse('events', 'event_id', refused.events, '22023', 'deferrable initially deferred'))
  })

  await world.feed()
  await caughtUp(services, applicationId, topics, worker)

  const isRefused = (record: ModelRecord): boolean => {
    const { event_id: id = '', item_id: item = '' } = eventOf(record)
    return refused.watches.includes(id) || refused.events.includes(id) || (record.topic !== topics.impression && refused.user_history.includes(item))
  }
  const expected = runModel(records.filter(record => !isRefused(record)), modelSettings(topics))
  assertTables(await readTables(services, applicationId), expected)
  const letters = (await readTopic(services, topics.dlq)).map(({ value }) => JSON.parse(String(value)))
  const place = ({ topic, partition, offset }: ModelRecord): string => `${topic}/${partition}@${offset}`
  deepEqual(
    letters.filter(letter => letter.error_type === 'store').map(letter => `${letter.source_topic}/${letter.source_partition}@${letter.source_offset}`).sort(),
    records.filter(isRefused).map(place).sort()
  )
  equal(letters.length, expected.dead_letters.length + records.filter(isRefused).length)
  equal(await worker.stop(), 0)
})

function eventOf ({ value }: ModelRecord): Readonly<Record<string, string | undefined>> {
  try {
    return JSON.parse(String(value)) ?? {}
  } catch {
    return {}
  }
}

/** An item that occurs once. */
function rarest (records: readonly ModelRecord[]): string {
  const byItem = Map.groupBy(records, record => eventOf(record)['item_id'] ?? '')
  return [...byItem].find(([, group]) => group.length === 1)?.[0] ?? ''
}

function refuse (table: string, column: string, values: readonly string[], code: string, when = ''): string {
  return `
    create function refuse_${table} () returns trigger language plpgsql as $$ begin
      if new.${column} in (${values.map(value => `'${value}'`).join(', ')}) then raise 'refused' using errcode = '${code}'; end if;
      return new;
    end $$;
    create constraint trigger refuse after insert on ${table} ${when} for each row execute function refuse_${table} ();`
}

async function withClient (services: Services, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
