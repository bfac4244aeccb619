import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../../scripts/services/kafka.ts'
import { startPostgres } from '../../scripts/services/postgres.ts'
import { freePort, stop } from '../../scripts/services/processes.ts'
import { startRedis } from '../../scripts/services/redis.ts'
import type { RunningService } from '../../scripts/services/state.ts'
import { makeCertificates, type Certificates } from './certificates.ts'

/** Recognisable wherever they turn up, also cut or quoted. */
export const PASSWORDS = { kafka: 'pwKafka7f3a', postgres: 'pwPostgres9c1d', redis: 'pwRedis5e8b' } as const

export interface SecureServices {
  readonly certificates: Certificates
  /** Nothing but encrypted connections with a login, or without one. */
  readonly kafka: { readonly saslSsl: string, readonly ssl: string, readonly plaintext: string }
  /** `host:port`. */
  readonly postgres: string
  readonly redis: string
  readonly stop: () => Promise<void>
}

/** Kafka, Postgres and Redis of the caller's own, each of which lets in who knows its password over TLS, and nobody else. */
export async function startSecureServices (): Promise<SecureServices> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-secure-'))
  // Postgres runs as its own user and has to get to its files.
  chmodSync(directory, 0o711)
  const started: RunningService[] = []
  const close = async (): Promise<void> => {
    await Promise.all(started.map(async service => await stop(service)))
    rmSync(directory, { recursive: true, force: true })
  }
  const inside = (name: string): string => {
    mkdirSync(join(directory, name))
    return join(directory, name)
  }
  try {
    const certificates = await makeCertificates(inside('certificates'))
    const [saslSsl, ssl, plaintext] = [await freePort(), await freePort(), await freePort()]
    const outcomes = await Promise.allSettled([
      startSecureKafka(inside('kafka'), certificates, { saslSsl, ssl, plaintext }),
      startSecurePostgres(inside('postgres'), certificates),
      startRedis(inside('redis'), redisArguments(certificates))
    ])
    started.push(...outcomes.flatMap(outcome => outcome.status === 'fulfilled' ? [outcome.value] : []))
    const failed = outcomes.find(outcome => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const portOf = (name: string): number => started.find(service => service.name === name)?.port ?? 0
    const local = (port: number): string => `127.0.0.1:${port}`
    return {
      certificates, kafka: { saslSsl: local(saslSsl), ssl: local(ssl), plaintext: local(plaintext) }, postgres: local(portOf('postgres')), redis: local(portOf('redis')), stop: close
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What a process needs to be let in everywhere, in the words of its environment. */
export function secureEnvironment ({ kafka, postgres, redis, certificates: { ca } }: SecureServices, applicationId: string): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: kafka.saslSsl,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: 'alice',
    KAFKA_SASL_PASSWORD: PASSWORDS.kafka,
    KAFKA_SSL_CA_LOCATION: ca,
    REDIS_URL: `rediss://worker:${PASSWORDS.redis}@${redis}`,
    REDIS_SSL_CA_LOCATION: ca,
    DATABASE_URL: databaseUrl(postgres, { ca }),
    KAFKA_WORKER_GROUP_ID: applicationId,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    WORKER_METRICS_HOST: '127.0.0.1',
    PORT: '0',
    INGEST_PORT: '0'
  }
}

export function databaseUrl (address: string, { ca, password = PASSWORDS.postgres }: { readonly ca: string, readonly password?: string }): string {
  return `postgres://postgres:${password}@${address}/postgres?sslmode=verify-full&sslrootcert=${ca}`
}

async function startSecureKafka (directory: string, { keyAndCertificate }: Certificates, ports: { readonly saslSsl: number, readonly ssl: number, readonly plaintext: number }): Promise<RunningService> {
  const listener = 'listener.name.sasl_ssl'
  const module = 'org.apache.kafka.common.security'
  return await startKafka(directory, {
    settings: {
      listeners: `PLAINTEXT://127.0.0.1:${ports.plaintext},SSL://127.0.0.1:${ports.ssl},SASL_SSL://127.0.0.1:${ports.saslSsl},CONTROLLER://127.0.0.1:0`,
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
      'inter.broker.listener.name': 'PLAINTEXT',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyAndCertificate,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      [`${listener}.plain.sasl.jaas.config`]: `${module}.plain.PlainLoginModule required user_alice="${PASSWORDS.kafka}";`,
      [`${listener}.scram-sha-256.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
      [`${listener}.scram-sha-512.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`
    },
    formatArguments: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => ['--add-scram', `${mechanism}=[name=alice,password=${PASSWORDS.kafka}]`])
  })
}

async function startSecurePostgres (directory: string, { certificate, key }: Certificates): Promise<RunningService> {
  const files = { certificate: join(directory, 'server.pem'), key: join(directory, 'server.key'), password: join(directory, 'password'), access: join(directory, 'pg_hba.conf') }
  copyFileSync(certificate, files.certificate)
  copyFileSync(key, files.key)
  writeFileSync(files.password, PASSWORDS.postgres)
  writeFileSync(files.access, 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
  return await startPostgres(directory, {
    settings: ['ssl=on', `ssl_cert_file='${files.certificate}'`, `ssl_key_file='${files.key}'`, `hba_file='${files.access}'`],
    initArguments: ['-A', 'scram-sha-256', `--pwfile=${files.password}`],
    files: Object.values(files)
  })
}

/** A port for TLS and none without; the user `worker` may do everything, and nobody else anything. */
function redisArguments ({ ca, certificate, key }: Certificates): string[] {
  return [
    '--port', '0', '--tls-port', 'PORT', '--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca, '--tls-auth-clients', 'no',
    '--user', 'worker', 'on', '~*', '&*', '+@all', `>${PASSWORDS.redis}`, '--user', 'default', 'off'
  ]
}
