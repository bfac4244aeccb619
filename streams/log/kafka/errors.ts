import { isCertificateCode } from '../../certificates.ts'
import { LogError, type LogErrorKind } from '../log.ts'

/** What a human must change: rights, names, sizes agreed on, versions. */
const fatalIds = new Set([
  'CLUSTER_AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'SECURITY_DISABLED', 'FENCED_INSTANCE_ID',
  'INVALID_GROUP_ID', 'INVALID_SESSION_TIMEOUT', 'INCONSISTENT_GROUP_PROTOCOL', 'GROUP_MAX_SIZE_REACHED', 'UNSUPPORTED_VERSION',
  'INVALID_TOPIC_EXCEPTION', 'INVALID_PARTITIONS', 'INVALID_REPLICATION_FACTOR', 'INVALID_REPLICA_ASSIGNMENT', 'INVALID_CONFIG',
  'INVALID_REQUEST', 'POLICY_VIOLATION', 'NON_EMPTY_GROUP', 'TOPIC_DELETION_DISABLED', 'UNSUPPORTED_COMPRESSION_TYPE'
])

/** What the record itself is to blame for; RECORD_LIST_TOO_LARGE and INVALID_TIMESTAMP are the broker's other words for the same. */
const dataIds = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'])

const notLoggedIn = 'PLT_KFK_AUTHENTICATION'

/** Codes of the client for what no waiting mends. */
const fatalCodes = new Set([notLoggedIn, 'PLT_KFK_UNSUPPORTED_API', 'PLT_KFK_UNSUPPORTED_COMPRESSION'])

/** What went wrong, in the words of the log: whatever is not known to be somebody's mistake is an outage. */
export function toLogError (error: unknown, doing: string, about: { readonly recordIndex?: number, readonly topic?: string } = {}): LogError {
  if (error instanceof LogError) return error
  const causes = [...causesOf(error)]
  const reasons = [...new Set(causes.map(reasonOf))].join(': ')
  return new LogError(kindOf(causes), `${doing}: ${reasons}`, { cause: error, ...about })
}

/** The protocol's name for the error, if any cause has one of these. */
export function hasProtocolError (error: unknown, ...ids: readonly string[]): boolean {
  return [...causesOf(error)].some(cause => ids.includes(textOf(cause, 'apiId') ?? ''))
}

/**
 * The answer that a rejected request was given: the client rejects the whole call for one bad partition and hides the good
 * ones there. None where it was the login before the request that was rejected.
 */
export function responseOf (error: unknown): object | undefined {
  for (const cause of causesOf(error)) {
    if (textOf(cause, 'code') === notLoggedIn) return
    const response: unknown = Reflect.get(cause, 'response')
    if (typeof response === 'object' && response !== null) return response
  }
}

function kindOf (causes: readonly object[]): LogErrorKind {
  const ids = causes.map(cause => textOf(cause, 'apiId') ?? '')
  if (ids.includes('OFFSET_OUT_OF_RANGE')) return 'out-of-range'
  if (ids.some(id => dataIds.has(id))) return 'data'
  return ids.some(id => fatalIds.has(id)) || causes.some(isFatal) ? 'fatal' : 'outage'
}

function isFatal (cause: object): boolean {
  const code = textOf(cause, 'code') ?? ''
  return fatalCodes.has(code) || isCertificateCode(code) || textOf(cause, 'message') === 'Broker requires TLS.'
}

function * causesOf (error: unknown): Generator<object> {
  if (typeof error !== 'object' || error === null) return
  yield error
  const parts: unknown = Reflect.get(error, 'errors')
  for (const part of Array.isArray(parts) ? parts : []) yield * causesOf(part)
  yield * causesOf(Reflect.get(error, 'cause'))
}

function reasonOf (cause: object): string {
  const id = textOf(cause, 'apiId')
  const said = textOf(cause, 'serverErrorMessage') ?? textOf(cause, 'message') ?? String(cause)
  return id === undefined ? said : `${id} (${said})`
}

function textOf (cause: object, property: string): string | undefined {
  const value: unknown = Reflect.get(cause, property)
  return typeof value === 'string' ? value : undefined
}
