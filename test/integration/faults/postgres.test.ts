import { deepEqual, equal, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { openCuttingProxy } from '../../helpers/cutting-proxy.ts'
import { faultRounds, type Round, type Variant } from '../../helpers/fault-rounds.ts'
import type { FaultWorld } from '../../helpers/faults.ts'
import { runModel, type ModelRecord } from '../../helpers/model.ts'
import { openNetwork, through, type Network } from '../../helpers/network.ts'
import { openOwnPostgres } from '../../helpers/own-postgres.ts'
import { progress } from '../../helpers/progress.ts'
import { assertTables, caughtUp, modelSettings, readTables, readTopic, type WorkerProcess } from '../../helpers/recommender.ts'
import { until } from '../../helpers/until.ts'
import { withPostgres } from '../../helpers/with-postgres.ts'

/** Processing must go on so soon after Postgres is back. */
const GOES_ON_WITHIN_MS = 5_000

faultRounds('postgres', {
  'stopped at once, for 15 s': stopped,
  'a network that holds what is sent': broken(network => network.hold(), 4_000),
  'a network that refuses': broken(network => network.refuse(), 4_000),
  'a network that resets again and again': broken(network => network.reset(), 50, 40),
  'a slow network': broken(network => network.delay(150), 4_000),
  'a network cut around commits': cutAroundCommits,
  'connections ended by the server': ended,
  deadlocks: refusing('40P01'),
  'serialization failures': refusing('40001'),
  'a full disk': refusing('53100'),
  'read-only for a while': readOnly,
  'too many connections': tooManyConnections,
  'rows that can never be stored': refusedForGood
})

async function stopped ({ t, services, openWorld, measured }: Round): Promise<void> {
  const postgres = await openOwnPostgres(t)
  const world = await openWorld({ services: { ...services, postgres: postgres.address }, feedMs: 60_000 })
  const load = world.load()
  const worker = world.start()
  const address = await worker.address()
  await world.underWay(worker)

  await postgres.stopImmediately()
  await sleep(15_000)
  const { status } = await fetch(`${address}/health/ready`)
  await postgres.startAgain()
  await goesOn(world, worker, measured)
  await load.end()

  equal(status, 503, 'a worker that waits for Postgres is not ready')
  await world.finish(worker)
}

function broken (breakIt: (network: Network) => void, lastsMs: number, times = 1): Variant {
  return async ({ t, services, openWorld, random, measured }) => {
    const network = await openNetwork(t, Number(new URL(services.postgres).port))
    const world = await openWorld({ feedMs: 60_000 })
    const load = world.load()
    const worker = world.start({ DATABASE_URL: through(network, services.postgres) })
    await world.underWay(worker)

    for (let time = 0; time < times; time++) {
      await sleep(random.below(100))
      breakIt(network)
      await sleep(lastsMs)
    }
    network.mend()
    await goesOn(world, worker, measured)
    await load.end()

    await world.finish(worker)
  }
}

async function cutAroundCommits ({ t, services, openWorld, measured }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 60_000 })
  const cuts = { before: 0, after: 0 }
  let isBreaking = false
  let commits = 0
  const { url } = await openCuttingProxy(t, services.postgres, () => {
    if (!isBreaking || ++commits % 3 !== 0) return 'pass'
    const fate = commits % 2 === 0 ? 'before' : 'after'
    cuts[fate]++
    return fate
  })
  const load = world.load()
  const worker = world.start({ DATABASE_URL: url })
  await world.underWay(worker)

  isBreaking = true
  await until('commits were cut, before and behind', () => cuts.before >= 4 && cuts.after >= 4)
  isBreaking = false
  await load.end()

  measured('cuts before a commit', cuts.before)
  measured('cuts behind a commit', cuts.after)
  await world.finish(worker)
}

async function ended ({ services, openWorld, random }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 60_000 })
  const load = world.load()
  const worker = world.start()
  await world.underWay(worker)

  await withPostgres(services, async client => {
    for (let cut = 0; cut < 30; cut++) {
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1', [`millrace ${world.applicationId}%`])
      await sleep(5 + random.below(200))
    }
  })
  await load.end()

  await world.finish(worker)
}

/** What a busy or full server answers to a statement now and then; here to every third write of three tables. */
function refusing (code: string): Variant {
  return async ({ services, openWorld, measured }) => {
    const world = await openWorld({ feedMs: 60_000 })
    const load = world.load()
    const worker = world.start()
    await world.underWay(worker)

    await withPostgres(services, async client => {
      const schema = `"${world.applicationId}"`
      await client.query(`set search_path to ${schema}`)
      await client.query(`
        create sequence writes;
        create function refuse_now () returns trigger language plpgsql as $$ begin
          if nextval('${schema}.writes') % 3 = 0 then raise 'refused for now' using errcode = '${code}'; end if;
          return null;
        end $$;
        ${TABLES.map(table => `create trigger refuse after insert or update on ${table} for each statement execute function refuse_now ();`).join('')}`)
      await sleep(3_000)
      // What they call stays: a statement that began before still has it.
      await client.query(TABLES.map(table => `drop trigger refuse on ${table};`).join(''))
    })
    await goesOn(world, worker, measured)
    await load.end()

    await world.finish(worker)
  }
}

const TABLES = ['watches', 'item_popularity', 'user_history_newest'] as const

/** As after a failover to a replica: every statement that writes is refused. */
async function readOnly ({ t, services, openWorld, measured }: Round): Promise<void> {
  const postgres = await openOwnPostgres(t)
  const own = { ...services, postgres: postgres.address }
  const world = await openWorld({ services: own, feedMs: 60_000 })
  const load = world.load()
  const worker = world.start()
  await world.underWay(worker)

  await withPostgres(own, async client => {
    await client.query('alter database postgres set default_transaction_read_only = on')
    await endOthers(client)
    await sleep(4_000)
    await client.query('set transaction_read_only = off; alter database postgres reset default_transaction_read_only')
    await endOthers(client)
  })
  await goesOn(world, worker, measured)
  await load.end()

  await world.finish(worker)
}

/** A session may be the only one: every new connection is refused. */
async function tooManyConnections ({ t, services, openWorld, measured }: Round): Promise<void> {
  const postgres = await openOwnPostgres(t)
  const own = { ...services, postgres: postgres.address }
  const world = await openWorld({ services: own, feedMs: 60_000 })
  await withPostgres(own, async client => await client.query('create role millrace login; grant create on database postgres to millrace'))
  const load = world.load()
  const worker = world.start({ DATABASE_URL: postgres.address.replace('//postgres@', '//millrace@') })
  await world.underWay(worker)

  await withPostgres(own, async client => {
    await client.query('alter role millrace connection limit 1')
    await endOthers(client)
    await sleep(4_000)
    await client.query('alter role millrace connection limit -1')
  })
  await goesOn(world, worker, measured)
  await load.end()

  await world.finish(worker)
}

async function endOthers (client: { readonly query: (text: string) => Promise<unknown> }): Promise<void> {
  await client.query("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'")
}

/** Refused at once, or only at the commit: the record goes to the dead letters, and holds up no other. */
async function refusedForGood ({ services, openWorld }: Round): Promise<void> {
  const world = await openWorld({ events: 3_000, feedMs: 0 })
  const { applicationId, topics, records } = world
  const valid = records.filter(({ kind }) => kind === 'valid')
  const ids = (topic: string, from: number): string[] => valid.filter(record => record.topic === topic).slice(from, from + 2).map(record => eventOf(record)['event_id'] ?? '')
  const refused = { watches: ids(topics.watch, 500), events: ids(topics.event, 20), user_history: [rarest(records.filter(({ topic }) => topic !== topics.impression))] }
  const worker = world.start()
  await worker.address()
  await withPostgres(services, async client => {
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
}

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

async function goesOn (world: FaultWorld, worker: WorkerProcess, measured: Round['measured']): Promise<void> {
  const tookMs = await progress(world, worker)
  measured('went on after, ms', tookMs)
  ok(tookMs < GOES_ON_WITHIN_MS, `processing went on only ${tookMs} ms after Postgres was back`)
}
