import { InvalidArgumentError, type Command } from 'commander'
import Type from 'typebox'
import { isSchemaMissing } from '../../stores/read-query.ts'
import { FatalError, type StateReader } from '../../streams/index.ts'
import { openPostgresSource, openRedisReader, openStoreQueries, openTextQueries, readEngineSchema, type Database, type RedisClient, type TextQueries } from '../../streams/runtime.ts'
import { Config, readEnvironment } from '../config.ts'
import { loadTopology } from '../load-topology.ts'
import { addApplicationId, addDatabase, addRedis, withReader, withRedis, type ConnectionOptions } from './connections.ts'

type Question = Parameters<TextQueries['ask']>[1]

const Shards = Type.Pick(Config, ['REDIS_SHARDS'])

interface QueryOptions extends Pick<ConnectionOptions, 'databaseUrl' | 'redisUrl' | 'redisCluster'>, Omit<Question, 'key'> {
  readonly applicationId: string
  readonly topology: string
}

export function addQuery (program: Command): Command {
  const command = program.command('query')
    .description('Read a store of an application: the row of a key, the windows of a key, or a page of keys, from Redis where that has it and is level, else from Postgres. Without a store, list what can be read. It only reads.')
    .argument('[store]', 'its name')
    .argument('[key]', 'text as it is, anything else as JSON; several columns as a JSON array')
  return addRedis(addDatabase(addApplicationId(command)))
    .option('--topology <topology>', 'path of a .ts file that exports the topology, or a name in topology/', 'recommender')
    .option('--from <key or time>', 'the first key; behind a key the first time, in ISO 8601 or milliseconds')
    .option('--to <key or time>', 'the last key, or time')
    .option('--prefix <text>', 'what keys begin with')
    .option('--as-of <time>', 'of a store with versions: what was valid then')
    .option('--limit <count>', 'how many rows, up to 1000; left out: 100', readCount)
    .option('--cursor <cursor>', 'of the page before')
    .option('--min-position <topic:partition:offset>', 'wait until this record is in the answer')
    .option('--timeout-ms <ms>', 'how long to wait for that; left out: a second', readCount)
    .action(async (store: string | undefined, key: string | undefined, options: QueryOptions) => {
      const topology = await loadTopology(options.topology)
      const configured = topology.configure(readEnvironment(topology.settings, process.env))
      const { applicationId } = options
      await withReader(options, async database => await withRedis(options, async ({ redis }) => {
        // That Redis is away is no matter: Postgres answers the same.
        const projection = redis && await openProjection(redis, database, applicationId)
        const queries = openTextQueries(openStoreQueries({ topology: configured, applicationId, source: openPostgresSource({ database, applicationId }), projection }))
        print(store === undefined ? queries.list() : await ask(queries, store, { ...options, key }))
      }))
    })
}

async function openProjection (redis: RedisClient, database: Database, applicationId: string): Promise<StateReader> {
  const { REDIS_SHARDS: shards } = readEnvironment(Shards, process.env)
  const generation = (await readEngineSchema(database, applicationId))?.generation
  return openRedisReader({ redis, applicationId, shards, generation: () => generation })
}

async function ask (queries: TextQueries, store: string, question: Question): Promise<object> {
  const answer = await queries.ask(store, question).catch((error: unknown) => {
    throw isSchemaMissing(error) ? new FatalError(`The application has no table for store '${store}' in this Postgres. Is the application id right, and has its worker been started?`, { cause: error }) : error
  })
  switch (answer.kind) {
    case 'entry': return answer.entry
    case 'page': return answer.page
    default: throw new FatalError(answer.message)
  }
}

function print (answer: object): void {
  process.stdout.write(JSON.stringify(answer, undefined, 2) + '\n')
}

function readCount (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}
