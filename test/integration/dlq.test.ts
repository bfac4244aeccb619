import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OutgoingRecord } from '../../streams/index.ts'
import { openKafkaLog } from '../../streams/runtime.ts'
import { millrace } from '../helpers/millrace.ts'
import { isRetryable, mixedLetters } from '../helpers/mixed-letters.ts'
import { readTopic } from '../helpers/recommender.ts'
import { freshTopics, integrationTest, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'
import { withPostgres } from '../helpers/with-postgres.ts'

const COUNT = 10_000
const STREAMS = new URL('../../streams/index.ts', import.meta.url).href
const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))

integrationTest('of 10,000 dead letters of all families a class is replayed once each, although the command is killed on the way and run by two at once', async (t, services) => {
  const topics = await freshTopics(t, services, ['orders', 'dlq'], 3)
  await produceTo(services, mixedLetters({ topic: topics.dlq, origin: topics.orders, count: COUNT }))
  t.after(async () => await forget(services, topics.dlq))
  const retryable = Array.from({ length: COUNT }, (_, n) => n).filter(isRetryable)
  const replay = ['dlq', 'replay', '--topic', topics.dlq, '--class', 'retryable']

  const stats = JSON.parse((await millrace(services, 'dlq', 'stats', '--topic', topics.dlq, '--json')).stdout)
  const sum = stats.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
  deepEqual([sum, stats.groups.find(({ errorClass }: { errorClass: string }) => errorClass === 'retryable').count], [COUNT, retryable.length])
  equal((await millrace(services, ...replay, '--dry-run')).stderr.split('\n')[0], `Would send ${retryable.length} dead letters: ${retryable.length} to '${topics.orders}'.`)

  // Once where it has written down what it is about to send, and twice somewhere on the way.
  await killWhen(services, replay, async () => await writtenDown(services, topics.dlq) > 0)
  for (const some of [100, 300]) await killWhen(services, [...replay, '--rate', '400'], async () => await writtenDown(services, topics.dlq, 'sent') >= some)
  const both = await Promise.all([millrace(services, ...replay, '--json'), millrace(services, ...replay, '--json')])

  deepEqual(both.map(({ code }) => code), [0, 0], both.map(({ stderr }) => stderr).join('\n'))
  const sent = both.map(({ stdout }) => JSON.parse(stdout).sent[topics.orders] ?? 0)
  ok(Math.min(...sent) === 0 && Math.max(...sent) < retryable.length, `some had been sent before, and one of the two found nothing left: ${sent.join(', ')}`)
  const records = await readTopic(services, topics.orders)
  deepEqual(records.map(({ value }) => JSON.parse(String(value)).n).sort((a, b) => a - b), retryable)
  const { stderr } = await millrace(services, 'dlq', 'list', '--topic', topics.dlq, '--class', 'retryable')
  match(stderr, new RegExp(`^No dead letters .+ ${retryable.length} that were replayed are left out`))
})

integrationTest('a purge deletes up to a position, after saying what, and forgets the replays of it', async (t, services) => {
  const topics = await freshTopics(t, services, ['orders', 'dlq'], 1)
  t.after(async () => await forget(services, topics.dlq))
  await produceTo(services, mixedLetters({ topic: topics.dlq, origin: topics.orders, count: 20 }))
  await millrace(services, 'dlq', 'replay', '0:1', '0:15', '--topic', topics.dlq)

  const refused = await millrace(services, 'dlq', 'purge', '--topic', topics.dlq, '--before', '0:12')
  const left = await writtenDown(services, topics.dlq)
  const purged = await millrace(services, 'dlq', 'purge', '--topic', topics.dlq, '--before', '0:12', '--yes')
  const shown = await millrace(services, 'dlq', 'show', '0:11', '--topic', topics.dlq)

  deepEqual([refused.code, left], [1, 2])
  match(refused.stderr, /1 of them was replayed, 11 not\.\nmillrace: Nobody is there to be asked; say --yes\. Nothing was deleted\.\n$/)
  equal(purged.stderr, `Deleted 12 records of '${topics.dlq}'.\n`)
  match(shown.stderr, /no dead letter at 0:11/)
  equal((await millrace(services, 'dlq', 'export', '--topic', topics.dlq)).stdout.trim().split('\n').length, 7)
  equal(await writtenDown(services, topics.dlq), 1)
})

integrationTest('an edited value is sent once, and not where the topology would turn it away; what was written stays in its file', async (t, services) => {
  const topics = await freshTopics(t, services, ['orders', 'dlq'], 1)
  t.after(async () => await forget(services, topics.dlq))
  await produceTo(services, mixedLetters({ topic: topics.dlq, origin: topics.orders, count: 2 }))
  const directory = await mkdtemp(join(tmpdir(), 'millrace-dlq-test-'))
  t.after(async () => await rm(directory, { recursive: true }))
  const topology = join(directory, 'shop.ts')
  await writeFile(topology, `import { defineTopic, defineTopology } from '${STREAMS}'
import Type from '${import.meta.resolve('typebox')}'
export const shop = defineTopology('shop', ({ stream }) => {
  stream(defineTopic({ name: '${topics.orders}' })).validate(Type.Object({ items: Type.Array(Type.Object({ price: Type.Number({ minimum: 0 }) })) }), { name: 'check-order' }).to(defineTopic({ name: '${topics.orders}.out' }))
})\n`)
  const edit = async (script: string, ...args: string[]) => await millrace({ ...services, environment: { VISUAL: `sed -i '${script}'` } }, 'dlq', 'edit', '0:1', '--topic', topics.dlq, ...args)

  const unchanged = await edit('s/nothing//')
  const broken = await edit('s/]//')
  const refused = await edit('s/-1/-2/', '--topology', topology)
  const sent = await edit('s/-1/12345678901234567890/', '--topology', topology)
  const again = await edit('s/-1/3/')

  deepEqual([unchanged, broken, refused, sent, again].map(({ code }) => code), [0, 1, 1, 0, 1])
  match(unchanged.stderr, /Nothing was changed/)
  match(broken.stderr, /It was JSON, and is none any more/)
  match(refused.stderr, /Node 'check-order': \/items\/0\/price must be >= 0\nmillrace: Nothing was sent; what you wrote is in (\S+)\.\n$/)
  for (const { stderr } of [broken, refused]) {
    const file = /is in (\S+)\.\n/.exec(stderr)?.[1] ?? ''
    ok((await readFile(file, 'utf8')).length > 0)
    await rm(dirname(file), { recursive: true })
  }
  match(again.stderr, /0:1 was replayed already/)
  deepEqual((await readTopic(services, topics.orders)).map(({ value }) => /"price": (\S+)/.exec(String(value))?.[1]), ['12345678901234567890'])
})

async function produceTo ({ kafka }: Services, records: readonly OutgoingRecord[]): Promise<void> {
  const log = openKafkaLog({ brokers: kafka.split(','), clientId: 'millrace-tests' })
  const producer = log.openProducer()
  await producer.send(records)
  await producer.close()
  await log.close()
}

/** Runs the command until it is so, and kills it there, in the middle of whatever it does. */
async function killWhen ({ kafka, postgres }: Services, args: readonly string[], isSo: () => Promise<boolean>): Promise<void> {
  const child = spawn(process.execPath, [MILLRACE, ...args], { env: { ...process.env, KAFKA_BOOTSTRAP: kafka, DATABASE_URL: postgres }, stdio: 'ignore' })
  const ended = once(child, 'exit')
  await until('the replay is that far', isSo)
  child.kill('SIGKILL')
  await ended
}

async function writtenDown (services: Services, topic: string, state = '%'): Promise<number> {
  return await withPostgres(services, async client => {
    const { rows: [table] } = await client.query("select to_regclass('millrace_dlq.replays') as name")
    if (table.name === null) return 0
    const { rows: [row] } = await client.query('select count(*) as count from millrace_dlq.replays where topic = $1 and state like $2', [topic, state])
    return Number(row.count)
  })
}

/** The schema is everybody's on this Postgres. */
async function forget (services: Services, topic: string): Promise<void> {
  await withPostgres(services, async client => await client.query('delete from millrace_dlq.replays where topic = $1', [topic]))
}
