import { messageOf, LogError } from '../streams/index.ts'
import { isCertificateCode } from '../streams/runtime.ts'
import { addressOf } from './addresses.ts'

/*
 * A service that is away comes back; one that refuses us does so until somebody changes the configuration. Each function
 * says, in one sentence without secrets, that it was refused, or undefined.
 */

/** Classes of SQLSTATE: no such user or a wrong password, no such database. */
const POSTGRES_REFUSES = /^(28...|3D...)$/

export function postgresRefusal (error: unknown, name: string, url: string): string | undefined {
  for (const cause of causesOf(error)) {
    const where = `Postgres at ${addressOf(url, name)}`
    if (POSTGRES_REFUSES.test(codeOf(cause)) || cause.message.startsWith('SASL')) return `${where} does not let us in: ${cause.message}; set user, password, database and sslmode in ${name}.`
    if (cause.message === 'The server does not support SSL connections') return `${where} does not speak TLS, which ${name} asks for.`
    if (isCertificateProblem(cause)) return certificateRefusal(cause, where, `${name} with sslrootcert=FILE`)
  }
}

/** A user that Redis does not know, one that may not do what we need, or none where one is wanted. */
const REDIS_REFUSES = /^(WRONGPASS|NOAUTH|NOPERM)/

/** `place`: without user and password. */
export function redisRefusal (error: unknown, place: string): string | undefined {
  for (const cause of causesOf(error)) {
    const where = `Redis at ${place}`
    if (REDIS_REFUSES.test(cause.message)) return `${where} does not let us in: ${cause.message}; set user and password in REDIS_URL.`
    if (codeOf(cause) === 'ERR_SSL_WRONG_VERSION_NUMBER') return `${where} does not speak TLS, which REDIS_URL asks for.`
    if (isCertificateProblem(cause)) return certificateRefusal(cause, where, 'REDIS_SSL_CA_LOCATION')
  }
}

export function kafkaRefusal (error: unknown, bootstrap: string): string | undefined {
  for (const cause of causesOf(error)) {
    if (isCertificateProblem(cause)) return certificateRefusal(cause, `Kafka at ${bootstrap}`, 'KAFKA_SSL_CA_LOCATION')
    if (/^TLS handshake failed/.test(cause.message)) return `Kafka at ${bootstrap} does not speak TLS there, which KAFKA_SECURITY_PROTOCOL asks for.`
    if (cause.message === 'Broker requires TLS.') return `Kafka at ${bootstrap} speaks TLS there; set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL.`
    if ('apiId' in cause && cause.apiId === 'UNSUPPORTED_SASL_MECHANISM') return `Kafka at ${bootstrap} does not take this KAFKA_SASL_MECHANISM; use one that its listener has.`
    if ('apiId' in cause && cause.apiId === 'ILLEGAL_SASL_STATE') return `Kafka at ${bootstrap} wants a login; set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT.`
    if ('apiId' in cause && cause.apiId === 'SASL_AUTHENTICATION_FAILED') return `Kafka at ${bootstrap} does not let us in; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.`
  }
  return error instanceof LogError && error.kind === 'fatal' ? messageOf(error) : undefined
}

function certificateRefusal (error: Error, where: string, setting: string): string {
  if (codeOf(error) === 'ERR_TLS_CERT_ALTNAME_INVALID') return `The certificate of ${where} is for another name: ${error.message.replace(/\.$/, '')}; connect by a name that it has.`
  // What Node adds is advice about itself.
  return `The certificate of ${where} is not trusted: ${error.message.replace(/; if the root CA .*$/, '')}; name its authority in ${setting}.`
}

function isCertificateProblem (error: Error): boolean {
  return isCertificateCode(codeOf(error))
}

function codeOf (error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function * causesOf (error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return
  yield error
  if (error instanceof AggregateError) for (const part of error.errors) yield * causesOf(part)
  yield * causesOf(error.cause)
}
