import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Log } from '../streams/index.ts'
import { openKafkaLog, type KafkaOptions } from '../streams/runtime.ts'
import type { SecuritySettings } from './security-settings.ts'

export interface OpenKafkaOptions extends Pick<KafkaOptions, 'clientId' | 'logger'> {
  /** `host:port`, separated by commas. */
  readonly bootstrap: string
  readonly security: SecuritySettings
}

/** A Kafka, encrypted and logged in to as the settings say. */
export function openKafka ({ bootstrap, security, ...options }: OpenKafkaOptions): Log {
  const brokers = bootstrap.split(',').map(broker => broker.trim())
  return openKafkaLog({ brokers, ...options, ...tlsOf(security, brokers), ...saslOf(security) })
}

function tlsOf ({ KAFKA_SECURITY_PROTOCOL: protocol, KAFKA_SSL_CA_LOCATION: ca }: SecuritySettings, brokers: readonly string[]): Pick<KafkaOptions, 'tls' | 'namesServer'> {
  if (!protocol.endsWith('SSL')) return {}
  // Brokers behind a proxy are told apart by the name they are asked for; an address is none.
  const namesServer = brokers.every(broker => isIP(broker.replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, '')) === 0)
  return { tls: ca === undefined ? {} : { ca: readFileSync(ca) }, namesServer }
}

function saslOf ({ KAFKA_SECURITY_PROTOCOL: protocol, KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password }: SecuritySettings): Pick<KafkaOptions, 'sasl'> {
  // `securityMistakes` has seen that all three are there.
  if (!protocol.startsWith('SASL_') || mechanism === undefined || username === undefined || password === undefined) return {}
  return { sasl: { mechanism, username, password } }
}
