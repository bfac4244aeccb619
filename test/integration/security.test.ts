import assert from 'node:assert/strict'
import { runToEnd } from '../helpers/run.ts'
import { answerOf, openServer, openWorker, secureTest, send, until } from '../helpers/secure-processes.ts'
import { databaseUrl, PASSWORDS, secureEnvironment, type SecureServices } from '../helpers/secure-services.ts'

secureTest('worker, API, ingest and command line work with a login and TLS everywhere, by every mechanism', async (t, services) => {
  const environment = secureEnvironment(services, 'secure')
  const worker = await openWorker(t, environment)
  const api = await openServer(t, 'api.ts', environment)
  const ingest = await openServer(t, 'ingest.ts', { ...environment, KAFKA_SASL_MECHANISM: 'PLAIN' })

  await send(ingest.url, 'u1', 'film-1')
  const items = await until(async () => (await answerOf(`${api.url}/users/u1/history`)).items, found => found.length === 1, worker.process)
  // What is popular is kept for a moment.
  const reco = await until(async () => await answerOf(`${api.url}/reco?user_id=u2&session_id=s`), found => found.items.length > 0, api.process)
  const lag = await runToEnd(['millrace.js', 'lag', '--application-id', 'secure'], { ...environment, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' })

  assert.equal(items[0]?.item_id, 'film-1')
  // Not degraded: Redis answered.
  assert.deepEqual([reco.items, reco.degraded], [['film-1'], undefined])
  assert.match(lag.stdout, /secure: 18 partitions.* 0 records to go/, lag.stderr)
  assert.equal(await worker.process.stop(), 0)
  const reset = await runToEnd(['millrace.js', 'reset', '--application-id', 'secure', '--execute', '--force'], environment)
  assert.match(reset.stdout, /Deleted [1-9]\d* Redis keys/, reset.stderr)
})

type Change = (services: SecureServices) => Readonly<Record<string, string>>

const noLogin = { KAFKA_SASL_MECHANISM: '', KAFKA_SASL_USERNAME: '', KAFKA_SASL_PASSWORD: '' }

const refusals: Readonly<Record<string, readonly [who: readonly string[], change: Change, sentence: RegExp]>> = {
  'a wrong password for Kafka (SCRAM)': [['worker', 'ingest', 'lag'], () => ({ KAFKA_SASL_PASSWORD: 'wrong' }), /^Kafka at \S+ does not let us in; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD\.$/],
  'a wrong password for Kafka (PLAIN)': [['worker', 'ingest'], () => ({ KAFKA_SASL_PASSWORD: 'wrong', KAFKA_SASL_MECHANISM: 'PLAIN' }), /^Kafka at \S+ does not let us in; set/],
  'an authority that did not sign Kafka\'s certificate': [['worker', 'ingest'], ({ certificates }) => ({ KAFKA_SSL_CA_LOCATION: certificates.otherCa }), /^The certificate of Kafka at \S+ is not trusted: [^;]+; name its authority in KAFKA_SSL_CA_LOCATION\.$/],
  'another name than that in Kafka\'s certificate': [['ingest'], ({ kafka }) => ({ KAFKA_BOOTSTRAP: kafka.ssl.replace('127.0.0.1', 'localhost'), KAFKA_SECURITY_PROTOCOL: 'SSL', ...noLogin }), /^The certificate of Kafka at \S+ is for another name: [^;]+; connect by a name that it has\.$/],
  'no TLS where Kafka speaks it': [['worker', 'ingest'], () => ({ KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT', KAFKA_SSL_CA_LOCATION: '', ...noLogin }), /^Kafka at \S+ speaks TLS there; set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL\.$/],
  'TLS where Kafka does not speak it': [['worker', 'ingest'], ({ kafka }) => ({ KAFKA_BOOTSTRAP: kafka.plaintext }), /^Kafka at \S+ does not speak TLS there, which KAFKA_SECURITY_PROTOCOL asks for\.$/],
  'a wrong password for Postgres': [['worker', 'api', 'lag'], ({ postgres, certificates: { ca } }) => ({ DATABASE_URL: databaseUrl(postgres, { ca, password: 'wrong' }) }), /^Postgres at \S+ does not let us in: password authentication failed .+ in DATABASE_URL\.$/],
  'an authority that did not sign Postgres\' certificate': [['worker', 'api'], ({ postgres, certificates: { otherCa } }) => ({ DATABASE_URL: databaseUrl(postgres, { ca: otherCa }) }), /^The certificate of Postgres at \S+ is not trusted: [^;]+; name its authority in DATABASE_URL with sslrootcert=FILE\.$/],
  'another name than that in Postgres\' certificate': [['api'], ({ postgres, certificates: { ca } }) => ({ DATABASE_READONLY_URL: databaseUrl(postgres.replace('127.0.0.1', 'localhost'), { ca }) }), /^The certificate of Postgres at localhost\S+ is for another name/],
  'no TLS where Postgres wants it': [['worker'], ({ postgres }) => ({ DATABASE_URL: `postgres://postgres:${PASSWORDS.postgres}@${postgres}/postgres` }), /^Postgres at \S+ does not let us in: .+ no encryption; set user, password, database and sslmode in DATABASE_URL\.$/],
  'a wrong password for Redis': [['worker', 'api', 'reset'], ({ redis }) => ({ REDIS_URL: `rediss://worker:wrong@${redis}` }), /^Redis at \S+ does not let us in: WRONGPASS .+; set user and password in REDIS_URL\.$/],
  'an authority that did not sign Redis\' certificate': [['worker', 'api'], ({ certificates }) => ({ REDIS_SSL_CA_LOCATION: certificates.otherCa }), /^The certificate of Redis at \S+ is not trusted: [^;]+; name its authority in REDIS_SSL_CA_LOCATION\.$/]
}

const executables: Readonly<Record<string, readonly string[]>> = {
  worker: ['worker.ts'],
  api: ['api.ts'],
  ingest: ['ingest.ts'],
  lag: ['millrace.js', 'lag', '--application-id', 'refused'],
  reset: ['millrace.js', 'reset', '--application-id', 'refused', '--execute', '--input-topics', 'any']
}

for (const [what, [who, change, sentence]] of Object.entries(refusals)) {
  secureTest(`${what} ends ${who.join(', ')} with one sentence, and no secret in it`, async (t, services) => {
    const environment = { ...secureEnvironment(services, 'refused'), WORKER_METRICS_PORT: '0', LOG_LEVEL: 'error', ...change(services) }
    const ends = await Promise.all(who.map(async name => ({ name, ...await runToEnd(executables[name] ?? [], environment) })))

    for (const { name, code, stdout, stderr } of ends) {
      const said = stderr.replace(/^millrace[^:]*: /, '').trimEnd()
      assert.deepEqual({ code, said: sentence.test(said) }, { code: 1, said: true }, `${name}: ${stdout}${stderr}`)
      assert.doesNotMatch(stdout + stderr, /wrong|pwKafka|pwPostgres|pwRedis/)
    }
  })
}
