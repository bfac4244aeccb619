import assert from 'node:assert/strict'
import { Client } from 'pg'
import { produce, readTopic } from '../helpers/recommender.ts'
import { runToEnd } from '../helpers/run.ts'
import { answerOf, openServer, openWorker, secureTest, send, textOf, until, watch } from '../helpers/secure-processes.ts'
import { PASSWORDS, secureEnvironment } from '../helpers/secure-services.ts'

secureTest('no secret reaches logs, answers, metrics, the status row, the drawing or the dead letters, also when connections fail', async (t, services) => {
  const environment: Record<string, string> = { ...secureEnvironment(services, 'secrets'), LOG_LEVEL: 'debug', TOPIC_WATCH: 'secrets_watch' }
  const worker = await openWorker(t, environment)
  const api = await openServer(t, 'api.ts', environment)
  const ingest = await openServer(t, 'ingest.ts', { ...environment, API_URL: api.url })
  await send(ingest.url, 'u1', 'film-1')
  await until(async () => (await answerOf(`${api.url}/users/u1/history`)).items, found => found.length === 1, worker.process)

  const plain = { kafka: services.kafka.plaintext, postgres: environment['DATABASE_URL'] ?? '', redis: '' }
  await produce(plain, [{ topic: 'secrets_watch', partition: 0, offset: 0, key: 'u1', value: Buffer.from('{"broken":'), timestamp: Date.now() }])
  const letters = await until(async () => await readTopic(plain, 'reco_events_dlq'), found => found.length > 0, worker.process)
  await using client = await connected(plain.postgres)
  const { rows } = await client.query('select status::text from secrets.millrace_workers')

  // Everything goes away while all of them run.
  client.on('error', () => {})
  await services.stop()
  await until(async () => worker.process.output(), text => text.includes('"level":40'), worker.process)
  await until(async () => await textOf(`${api.url}/health/ready`), text => text.includes('not_ready'), api.process)
  const paths: readonly [url: string, paths: readonly string[]][] = [
    [worker.url, ['/metrics', '/stream/worker', '/health/ready', '/health/live', '/nothing']],
    [api.url, ['/reco?user_id=u&session_id=s', '/stream/worker', '/health/ready', '/metrics/prometheus', '/metrics/reco', '/analytics/baseline', '/openapi.json', '/contract', '/nothing']],
    [ingest.url, ['/health/ready', '/metrics/prometheus', '/reco?user_id=u&session_id=s']]
  ]
  const answers = await Promise.all(paths.flatMap(([url, all]) => all.map(async path => await textOf(url + path).catch(() => ''))))
  const refused = await fetch(`${ingest.url}/log/watch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(watch('u2', 'film-2')) }).then(async answer => await answer.text())
  const described = await Promise.all(['text', 'json'].map(async format => await runToEnd(['millrace.js', 'describe', 'recommender', '--format', format], environment)))
  for (const { process: running } of [worker, api, ingest]) await running.stop()

  const outputs = [worker, api, ingest].map(({ process: running }) => running.output())
  assert.ok(outputs.every(output => output.length > 0) && answers.some(answer => answer.includes('millrace_')))
  const stored = [JSON.stringify(rows), ...letters.flatMap(({ key, value, headers }) => [key, value, ...headers.flat()].map(String))]
  assert.ok(rows.length === 1 && stored.some(text => text.includes('broken')))
  const everything = [...outputs, ...answers, ...stored, refused, ...described.map(({ stdout, stderr }) => stdout + stderr)].join('\n')
  for (const secret of secretsIn(PASSWORDS)) assert.equal(everything.indexOf(secret), -1, everything.slice(Math.max(0, everything.indexOf(secret) - 200), everything.indexOf(secret) + 50))
  for (const answer of [...answers, refused]) assert.doesNotMatch(answer, /127\.0\.0\.1:\d|\bselect \b|\.ts:\d|node_modules/, answer)
  // The worker tells those who run it why it waits; others need not know.
  for (const answer of [...answers.slice(paths[0]?.[1].length), refused]) assert.doesNotMatch(answer, /ECONN/, answer)
})

/** As they are, and in the form in which a login sends them. */
function secretsIn (passwords: typeof PASSWORDS): string[] {
  return Object.values(passwords).flatMap(password => [password, Buffer.from(password).toString('base64').slice(0, -4), encodeURIComponent(password)])
}

async function connected (connectionString: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: async () => await client.end().catch(() => {}) })
}
