import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { produce, readTopic, startWorker, type WorkerProcess } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest, type Services } from '../helpers/services.ts'
import { openNetwork, through } from '../helpers/network.ts'

integrationTest('a record that makes a node run for ever ends the process with a sentence, and is dead-lettered at the next start; one that makes it throw needs no restart', async (t, services) => {
  const words = await openWords(t, services)
  const first = words.start({ KAFKA_WORKER_RECORD_TIMEOUT_MS: '1500' })
  await words.send('one', 'throw', 'loop', 'two')
  await ended(first)

  equal(first.child.signalCode, 'SIGKILL')
  const place = `${words.topics.in}-0@2`
  ok(first.output().includes(`record ${place} has been in node 'take-word' for 1.5 s and holds up everything else, so this process ends. It is written down`), first.output())
  deepEqual(await words.poison(), [place])
  const second = words.start()
  await words.handedOn(second, 2)

  deepEqual((await readTopic(services, words.topics.out)).map(({ value }) => String(value)), ['"one"', '"two"'])
  const letters = (await readTopic(services, words.topics.dead)).map(({ value }) => JSON.parse(String(value)))
  deepEqual(letters.map(({ source_offset: offset, error_type: type }) => [offset, type]), [[1, 'processor'], [2, 'loop']])
  match(letters[1].error_message, /^Node 'take-word' did not come back from this record/)
  await words.until(second, async () => (await words.poison()).length === 0)
  equal(await second.stop(), 0)
})

integrationTest('a record that does not end for longer than a session goes from worker to worker, and to the dead letters all the same', async (t, services) => {
  const words = await openWords(t, services)
  const environment = { KAFKA_WORKER_RECORD_TIMEOUT_MS: '4000', KAFKA_SESSION_TIMEOUT_MS: '1500' }
  const all = [words.start(environment), words.start(environment)]
  await words.send('one')
  await words.handedOn(all[0], 1)

  await words.send('loop', 'two')
  // As a process manager does.
  const restarting = setInterval(() => {
    const running = all.filter(({ child }) => child.exitCode === null && child.signalCode === null)
    if (running.length < 2) all.push(words.start(environment))
  }, 100)
  t.after(() => clearInterval(restarting))
  await words.handedOn(undefined, 2)
  clearInterval(restarting)

  const killed = all.filter(({ child }) => child.signalCode === 'SIGKILL').length
  t.diagnostic(`${killed} processes ended until it was got past`)
  ok(killed <= 3, `${killed} processes ended`)
  deepEqual((await readTopic(services, words.topics.dead)).map(({ value }) => JSON.parse(String(value)).error_type), ['loop'])
})

integrationTest('a process that was stopped for longer than a record may take is not taken for one that loops', async (t, services) => {
  const words = await openWords(t, services)
  // Far more than the record takes, also on a machine that is busy with other tests.
  const worker = words.start({ KAFKA_WORKER_RECORD_TIMEOUT_MS: '8000' })
  await words.send('slow')
  await words.until(worker, async () => worker.output().includes('begins with slow'))
  // In the middle of the record, and when the watchdog has seen it: it looks ten times a second.
  await new Promise(resolve => setTimeout(resolve, 150))
  worker.child.kill('SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 9_000))
  worker.child.kill('SIGCONT')
  await words.handedOn(worker, 1)

  deepEqual(await readTopic(services, words.topics.dead), [])
  equal(await worker.stop(), 0)
})

integrationTest('while Postgres is away a record that does not end cannot be written down: the process says so and ends, and the next one does it', async (t, services) => {
  const words = await openWords(t, services)
  const network = await openNetwork(t, Number(new URL(services.postgres).port))
  const environment = { KAFKA_WORKER_RECORD_TIMEOUT_MS: '1500', DATABASE_URL: through(network, services.postgres) }
  const first = words.start(environment)
  await words.send('loop', 'one')
  await words.until(first, async () => first.output().includes('begins with loop'))
  network.refuse()
  await ended(first)

  match(first.output(), /It could not be written down \(.+\), so it will be tried again\./)
  deepEqual(await words.poison(), [])
  network.mend()
  const second = words.start(environment)
  await ended(second)
  match(second.output(), /It is written down/)
  const third = words.start(environment)
  await words.handedOn(third, 1)
  equal(await third.stop(), 0)
})

interface Words {
  readonly topics: Readonly<Record<'in' | 'out' | 'dead', string>>
  readonly start: (environment?: Readonly<Record<string, string>>) => WorkerProcess
  readonly send: (...words: string[]) => Promise<void>
  /** So many came out. */
  readonly handedOn: (worker: WorkerProcess | undefined, count: number) => Promise<void>
  /** The records written down. */
  readonly poison: () => Promise<string[]>
  readonly until: (worker: WorkerProcess | undefined, condition: () => Promise<boolean>) => Promise<void>
}

const COMMAND = ['../../bin/millrace.js', '../helpers/stumbling.ts'].map(path => fileURLToPath(new URL(path, import.meta.url)))

async function openWords (t: TestContext, services: Services): Promise<Words> {
  const topics = await freshTopics(t, services, ['in', 'out', 'dead'])
  const applicationId = freshApplicationId(t, services)
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  t.after(async () => await client.end())
  const until = async (worker: WorkerProcess | undefined, condition: () => Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + 60_000; !await condition();) {
      if (worker !== undefined) equal(worker.child.exitCode ?? worker.child.signalCode, null, worker.output())
      ok(Date.now() < deadline, worker?.output())
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  return {
    topics,
    until,
    start: environment => startWorker(t, {
      KAFKA_BOOTSTRAP: services.kafka,
      REDIS_URL: services.redis,
      DATABASE_URL: services.postgres,
      KAFKA_WORKER_GROUP_ID: applicationId,
      KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      WORDS_IN: topics.in,
      WORDS_OUT: topics.out,
      WORDS_DEAD: topics.dead,
      WORKER_METRICS_HOST: '127.0.0.1',
      WORKER_METRICS_PORT: '0',
      LOG_LEVEL: 'warn',
      ...environment
    }, [COMMAND[0] ?? '', 'run', COMMAND[1] ?? '']),
    send: async (...words) => await produce(services, words.map((word, offset) => ({ topic: topics.in, partition: 0, offset, timestamp: Date.now(), key: 'k', value: Buffer.from(JSON.stringify(word)) }))),
    handedOn: async (worker, count) => await until(worker, async () => (await readTopic(services, topics.out)).length >= count),
    poison: async () => (await client.query<{ place: string }>(`select topic || '-' || partition || '@' || "offset" as place from "${applicationId}".millrace_poison`)).rows.map(({ place }) => place)
  }
}

async function ended ({ child, output }: WorkerProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(60_000) }).catch(() => { throw new Error(`it did not end:\n${output()}`) })
}
