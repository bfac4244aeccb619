import Type, { type Static, type TObject } from 'typebox'
import { Value } from 'typebox/value'
import { DownloadsSettings } from '../schemas/downloads-settings.ts'
import { ApiSettings, RecommenderSettings } from '../schemas/settings.ts'
import { messageOf } from '../streams/index.ts'
import { checkApplicationId, checkRoleName } from '../streams/runtime.ts'
import { downloadsMistakes } from './downloads-mistakes.ts'
import { securityMistakes, SecuritySettings } from './security-settings.ts'

const Port = (fallback: number, description: string) => Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description })

/** Where the services are, and how this process runs. */
const ServiceSettings = Type.Object({
  KAFKA_BOOTSTRAP: Type.String({ minLength: 1, default: 'localhost:9092', description: 'Kafka brokers, host:port, separated by commas.' }),
  ...SecuritySettings.properties,
  KAFKA_WORKER_ENABLED: Type.Boolean({ default: false, description: 'Whether the worker inside the API process may run; `npm run worker` always does.' }),
  KAFKA_WORKER_GROUP_ID: Type.String({ minLength: 1, default: 'reco-stream-worker-v1', description: 'The application id: consumer group, Postgres schema and Redis prefix.' }),
  KAFKA_WORKER_AUTO_OFFSET_RESET: Type.Unsafe<'latest' | 'earliest'>({
    type: 'string', enum: ['latest', 'earliest'], default: 'latest', description: 'Where a partition without a position starts.'
  }),
  KAFKA_WORKER_OFFSET_OUT_OF_RANGE: Type.Unsafe<'stop' | 'earliest' | 'latest'>({
    type: 'string', enum: ['stop', 'earliest', 'latest'], default: 'stop', description: 'What to do where retention deleted records that were not processed: stop, or go on from what is left or from the end, which is logged and counted.'
  }),
  KAFKA_WORKER_POLL_TIMEOUT_MS: Type.Integer({ minimum: 1, maximum: 60_000, default: 1000, description: 'How long a fetch may wait for records; at most 250 ms are used.' }),
  KAFKA_WORKER_MAX_POLL_RECORDS: Type.Integer({
    minimum: 1, maximum: 100_000, default: 2000, description: 'Records per commit unit. The original took 200; a unit costs a handful of round trips whatever its size, so ten times as many cost a tenth per record.'
  }),
  KAFKA_SESSION_TIMEOUT_MS: Type.Integer({ minimum: 500, maximum: 1_800_000, default: 10_000, description: 'How long a silent worker keeps its partitions.' }),
  KAFKA_WORKER_RECORD_TIMEOUT_MS: Type.Integer({
    minimum: 0, maximum: 3_600_000, default: 30_000, description: 'How long the nodes may work on one record until a watchdog ends the process; the record is dead-lettered at the next start. 0: no watchdog, for debuggers.'
  }),
  KAFKA_WORKER_STUCK_AFTER_MS: Type.Integer({ minimum: 1_000, maximum: 86_400_000, default: 60_000, description: 'A partition that has records and does not advance for so long makes the worker not ready.' }),
  KAFKA_WORKER_DLQ_SPRING_HEADERS: Type.Boolean({ default: true, description: 'Whether dead letters also bear the headers that Spring\'s consumers and the redrive of web interfaces look for.' }),
  KAFKA_WORKER_DLQ_CONNECT_HEADERS: Type.Boolean({ default: false, description: 'Whether dead letters also bear the headers of Kafka Connect.' }),
  KAFKA_GROUP_INSTANCE_ID: Type.Optional(Type.String({ minLength: 1, description: 'Static membership: a restart under this name within the session timeout moves no partition.' })),
  DATABASE_URL: Type.String({ writeOnly: true, minLength: 1, default: 'postgres://postgres@localhost:5432/postgres', description: 'Postgres, for the worker.' }),
  DATABASE_READONLY_URL: Type.Optional(Type.String({ writeOnly: true, minLength: 1, description: 'Postgres for the API, as a role that cannot write; left out: DATABASE_URL in read-only sessions.' })),
  DATABASE_READONLY_ROLE: Type.Optional(Type.String({ minLength: 1, description: 'The worker lets this role read the schema.' })),
  REDIS_URL: Type.String({ writeOnly: true, minLength: 1, default: 'redis://localhost:6379', description: 'Redis, for the projection; of a cluster one or more servers, separated by commas.' }),
  REDIS_CLUSTER: Type.Boolean({ default: false, description: 'Whether REDIS_URL names servers of a Redis Cluster.' }),
  REDIS_SHARDS: Type.Integer({ minimum: 1, maximum: 1024, default: 1, description: 'Slots the projection is spread over; more than 1 on a Redis Cluster. The same for workers and API.' }),
  API_EMBEDDED_WORKER_ENABLED: Type.Boolean({ default: false, description: 'Runs the worker in the API process (with KAFKA_WORKER_ENABLED).' }),
  PORT: Port(3000, 'Port of the read API.'),
  HOST: Type.String({ minLength: 1, default: '127.0.0.1', description: 'Address that API and ingest listen on.' }),
  INGEST_PORT: Port(3001, 'Port of ingest.'),
  API_URL: Type.String({ minLength: 1, default: 'http://127.0.0.1:3000', description: 'Where ingest asks for /reco.' }),
  WORKER_METRICS_HOST: Type.String({ minLength: 1, default: '0.0.0.0', description: 'Address of the worker\'s metrics and health.' }),
  WORKER_METRICS_PORT: Port(9108, 'Port of the worker\'s metrics and health.'),
  PROMETHEUS_METRICS_ENABLED: Type.Boolean({ default: true, description: 'Whether metrics are served.' }),
  LOG_LEVEL: Type.Unsafe<'debug' | 'info' | 'warn' | 'error'>({ type: 'string', enum: ['debug', 'info', 'warn', 'error'], default: 'info', description: 'What is logged.' })
})

/** Every environment variable that the executables read. README's table is printed from it. */
export type Config = Static<typeof Config>
export const Config = Type.Object({ ...ServiceSettings.properties, ...RecommenderSettings.properties, ...ApiSettings.properties, ...DownloadsSettings.properties })

/** All mistakes of the environment together. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Everything that the executables read. */
export function readConfig (env: Environment): Config {
  return Object.freeze(readEnvironment(Config, env, given => [...securityMistakes(given), ...nameMistakes(given), ...downloadsMistakes(given)]))
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The variables that a schema names, as values; an empty variable counts as not set. A malformed one is an error, not a default.
 * `further` finds what the schema cannot say. A value that is `writeOnly` is never shown.
 */
export function readEnvironment<S extends TObject> (schema: S, env: Environment, further: (given: Environment) => readonly string[] = () => []): Static<S> {
  const given: Environment = Object.fromEntries(Object.keys(schema.properties).flatMap(name => env[name] === undefined || env[name] === '' ? [] : [[name, env[name]]]))
  const values = Value.Convert(schema, Value.Default(schema, { ...given }))
  const malformed = Value.Errors(schema, values).map(({ instancePath, message }) => {
    const name = instancePath.slice(1)
    const wanted = wantedOf(schema, name) ?? message
    return isSecret(schema, name) ? `${name} ${wanted}` : `${name} is ${JSON.stringify(given[name])} but ${wanted}`
  })
  const mistakes = [...malformed, ...further(given)]
  if (mistakes.length === 0 && Value.Check(schema, values)) return values
  throw new ConfigError(`The environment has ${mistakes.length === 1 ? 'a mistake' : 'mistakes'}: ${mistakes.join('; ')}.`)
}

/** In words, where the schema says it in a pattern. */
function wantedOf (schema: TObject, name: string): string | undefined {
  const property: object = schema.properties[name] ?? {}
  return 'wanted' in property ? `must be ${String(property.wanted)}` : undefined
}

function isSecret (schema: TObject, name: string): boolean {
  const property: object = schema.properties[name] ?? {}
  return 'writeOnly' in property && property.writeOnly === true
}

/** Names that become SQL identifiers and Redis keys. */
function nameMistakes ({ KAFKA_WORKER_GROUP_ID: applicationId, DATABASE_READONLY_ROLE: role }: Environment): string[] {
  return [
    ...(applicationId === undefined ? [] : refusalOf(() => checkApplicationId(applicationId))).map(reason => `KAFKA_WORKER_GROUP_ID: ${reason}`),
    ...(role === undefined ? [] : refusalOf(() => checkRoleName(role))).map(reason => `DATABASE_READONLY_ROLE: ${reason}`)
  ]
}

function refusalOf (check: () => void): string[] {
  try {
    check()
    return []
  } catch (error) {
    return [messageOf(error).replace(/\.$/, '')]
  }
}
