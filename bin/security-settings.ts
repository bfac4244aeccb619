import { readFileSync } from 'node:fs'
import Type, { type Static } from 'typebox'
import type { Environment } from './config.ts'

/** How connections are secured, beside what the URLs of Redis and Postgres say; the names are those of other Kafka clients. */
export type SecuritySettings = Static<typeof SecuritySettings>
export const SecuritySettings = Type.Object({
  KAFKA_SECURITY_PROTOCOL: Type.Unsafe<'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'>({
    type: 'string', enum: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'], default: 'PLAINTEXT', description: 'Whether connections to Kafka are encrypted (`SSL`) and log in (`SASL`).'
  }),
  KAFKA_SASL_MECHANISM: Type.Optional(Type.Unsafe<'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'>({
    type: 'string', enum: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], description: 'How to log in to Kafka: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.'
  })),
  KAFKA_SASL_USERNAME: Type.Optional(Type.String({ description: 'The user to log in to Kafka as.' })),
  KAFKA_SASL_PASSWORD: Type.Optional(Type.String({ writeOnly: true, description: 'That user\'s password.' })),
  KAFKA_SSL_CA_LOCATION: Type.Optional(Type.String({ description: 'PEM file of the authorities that Kafka\'s certificates are checked with; left out: those that Node trusts.' })),
  REDIS_SSL_CA_LOCATION: Type.Optional(Type.String({ description: 'The same for Redis, whose URL then begins with `rediss://`. For Postgres it stands in the URL: `?sslmode=verify-full&sslrootcert=FILE`.' }))
})

/** What does not fit together, one sentence each, without any value that is secret. */
export function securityMistakes (given: Environment): readonly string[] {
  return [...kafkaMistakes(given), ...redisMistakes(given), ...databaseMistakes('DATABASE_URL', given), ...databaseMistakes('DATABASE_READONLY_URL', given)]
}

function kafkaMistakes ({ KAFKA_SECURITY_PROTOCOL: protocol = 'PLAINTEXT', KAFKA_SSL_CA_LOCATION: ca, ...given }: Environment): string[] {
  const names = ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD']
  const wrong = names.filter(name => (given[name] === undefined) === protocol.startsWith('SASL_'))
  const word = protocol.startsWith('SASL_') ? 'missing' : 'set'
  return [
    ...(wrong.length === 0 ? [] : [`${wrong.join(' and ')} ${wrong.length === 1 ? 'is' : 'are'} ${word} while KAFKA_SECURITY_PROTOCOL is ${protocol}`]),
    ...caMistakes('KAFKA_SSL_CA_LOCATION', ca, protocol.endsWith('SSL') ? undefined : `KAFKA_SECURITY_PROTOCOL is ${protocol}, which encrypts nothing`)
  ]
}

function redisMistakes ({ REDIS_URL: url, REDIS_SSL_CA_LOCATION: ca }: Environment): string[] {
  const servers = url === undefined ? [] : serversIn(url)
  const encrypted = servers.length > 0 && servers.every(server => server.startsWith('rediss://'))
  return [
    ...servers.flatMap(server => urlMistakes('REDIS_URL', server, ['redis:', 'rediss:'])),
    ...(!encrypted && servers.some(server => server.startsWith('rediss://')) ? ['REDIS_URL names servers with rediss:// and with redis://, but a cluster is encrypted as a whole or not at all'] : []),
    ...caMistakes('REDIS_SSL_CA_LOCATION', ca, encrypted ? undefined : 'REDIS_URL does not begin with rediss://, so nothing is encrypted')
  ]
}

function databaseMistakes (name: string, { [name]: url }: Environment): string[] {
  const mistakes = urlMistakes(name, url, ['postgres:', 'postgresql:'])
  if (url === undefined || mistakes.length > 0) return mistakes
  return caMistakes(`sslrootcert in ${name}`, new URL(url).searchParams.get('sslrootcert') ?? undefined, undefined)
}

/** `unused`: why the file would protect nothing. */
function caMistakes (name: string, file: string | undefined, unused: string | undefined): string[] {
  if (file === undefined) return []
  if (unused !== undefined) return [`${name} is set, but ${unused}`]
  try {
    return readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----') ? [] : [`${name} names ${file}, which holds no certificate in PEM form`]
  } catch (error) {
    return [`${name} names ${file}, which cannot be read${error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''}`]
  }
}

/** Of a cluster several may be named, separated by commas. */
export function serversIn (urls: string): string[] {
  return urls.split(',').map(url => url.trim())
}

/** A password with a character that means something in a URL would become a part of the address, and be shown with it. */
export function urlMistakes (name: string, url: string | undefined, protocols: readonly string[]): string[] {
  if (url === undefined || isAddress(url, protocols)) return []
  return [`${name} is no address of the form ${protocols[0]}//user:password@host:port; in user and password '%', ':', '/', '?', '#', '@' and ',' are written %25, %3A, %2F, %3F, %23, %40 and %2C`]
}

function isAddress (url: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, pathname, hash, searchParams } = new URL(url)
  return protocols.includes(protocol) && hash === '' && ![pathname, ...searchParams.keys()].some(part => part.includes('@')) && isEncoded(url)
}

/** A '%' on its own stops the drivers with an error that shows the whole address. */
function isEncoded (url: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(url)
}
