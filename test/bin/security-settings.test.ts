import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { addressOf } from '../../bin/addresses.ts'
import { ConfigError, readConfig, type Environment } from '../../bin/config.ts'

const login = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'hidden-secret' }

test('settings that belong together are accepted', async t => {
  const ca = await file(t, '-----BEGIN CERTIFICATE-----\n')

  readConfig({ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SSL_CA_LOCATION: ca, ...login })
  readConfig({ KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', ...login })
  readConfig({ KAFKA_SECURITY_PROTOCOL: 'SSL' })
  readConfig({ REDIS_URL: 'rediss://user:pa%23ss@[::1]:6380/0', REDIS_SSL_CA_LOCATION: ca })
  readConfig({ DATABASE_URL: `postgres://u:p%40ss@db.internal/name?sslmode=verify-full&sslrootcert=${ca}` })
})

test('a login that is not complete, or that nobody asks for, is a mistake', () => {
  assert.match(mistakes({ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' }), /KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are missing while KAFKA_SECURITY_PROTOCOL is SASL_SSL/)
  assert.match(mistakes({ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', ...login, KAFKA_SASL_USERNAME: '' }), /KAFKA_SASL_USERNAME is missing while/)
  assert.match(mistakes(login), /are set while KAFKA_SECURITY_PROTOCOL is PLAINTEXT/)
  assert.match(mistakes({ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', ...login, KAFKA_SASL_MECHANISM: 'GSSAPI' }), /KAFKA_SASL_MECHANISM is "GSSAPI" but/)
})

test('a certificate file that cannot serve, or that would not be used, is a mistake', async t => {
  const empty = await file(t, 'no certificate')

  assert.match(mistakes({ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: empty }), /names .+, which holds no certificate in PEM form/)
  assert.match(mistakes({ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: '/nowhere.pem' }), /names \/nowhere\.pem, which cannot be read \(ENOENT\)/)
  assert.match(mistakes({ KAFKA_SSL_CA_LOCATION: empty }), /KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which encrypts nothing/)
  assert.match(mistakes({ REDIS_SSL_CA_LOCATION: empty, REDIS_URL: 'redis://localhost' }), /REDIS_URL does not begin with rediss:\/\/, so nothing is encrypted/)
  assert.match(mistakes({ DATABASE_URL: 'postgres://u@h/d?sslmode=verify-full&sslrootcert=/nowhere.pem' }), /sslrootcert in DATABASE_URL names \/nowhere\.pem, which cannot be read/)
})

/** Passwords as people paste them, with characters that mean something in a URL. */
const malformed = ['hidden#secret', 'hidden/secret', '12/secret', '12?secret', 'hidden?secret', '12#secret', 'hidden%secret', '100%-secret']

test('a password that breaks its URL is told as such, and never shown', () => {
  for (const password of malformed) {
    for (const [name, protocol] of [['DATABASE_URL', 'postgres'], ['DATABASE_READONLY_URL', 'postgresql'], ['REDIS_URL', 'rediss']] as const) {
      const url = `${protocol}://me:${password}@host.example:1/0`
      const said = mistakes({ [name]: url })

      assert.match(said, new RegExp(`${name} is no address of the form`), url)
      assert.doesNotMatch(said + addressOf(url, name), /secret|hidden|12/, url)
    }
  }
})

test('all mistakes are told at once', () => {
  const said = mistakes({ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SSL_CA_LOCATION: '/nowhere.pem', PORT: 'x', KAFKA_WORKER_GROUP_ID: 'public', REDIS_URL: 'http://x' })

  for (const part of [/PORT is "x"/, /nowhere/, /'public'/, /REDIS_URL is no address/]) assert.match(said, part)
})

test('an address is shown as host and port alone', () => {
  assert.equal(addressOf('postgres://me:secret@db.example:5433/name', 'DATABASE_URL'), 'db.example:5433')
  assert.equal(addressOf('redis://:secret@[::1]:6379', 'REDIS_URL'), '[::1]:6379')
  assert.equal(addressOf('postgres:///name?host=/run/postgresql', 'DATABASE_URL'), 'the address in DATABASE_URL')
})

function mistakes (environment: Environment): string {
  try {
    readConfig(environment)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  assert.fail('there should be a mistake')
}

async function file (t: TestContext, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-settings-'))
  t.after(async () => await rm(directory, { recursive: true }))
  const path = join(directory, 'ca.pem')
  writeFileSync(path, content)
  return path
}
