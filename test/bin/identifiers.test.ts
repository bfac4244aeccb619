import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../bin/config.ts'
import { runToEnd } from '../helpers/run.ts'

const INJECTION = 'a"; drop schema public; --'

const refusedIds = [INJECTION, 'public', 'pg_catalog', 'pg_temp_1', 'information_schema', 'a b', 'a\n', 'é', '*', '{a}', 'a:b', 'a/b', 'a'.repeat(64)]
const acceptedIds = ['a', 'reco-stream-worker-v1', 'A.b_c-9', '9', 'Public', 'pgx', 'a'.repeat(63)]

test('an application id that is no plain name, or a schema of Postgres itself, is refused with a reason', () => {
  for (const id of refusedIds) assert.throws(() => readConfig({ KAFKA_WORKER_GROUP_ID: id }), /KAFKA_WORKER_GROUP_ID: Application id .+(it has 1 to 63 letters|choose another)/, JSON.stringify(id))
  for (const id of acceptedIds) assert.equal(readConfig({ KAFKA_WORKER_GROUP_ID: id }).KAFKA_WORKER_GROUP_ID, id)
})

test('every executable refuses such an id before it asks any service', async () => {
  const executables = [['worker.ts'], ['api.ts'], ['ingest.ts'], ['start.ts'], ['millrace.js', 'run', 'recommender']]
  const ends = await Promise.all(executables.map(async args => await runToEnd(args, { KAFKA_WORKER_GROUP_ID: INJECTION })))

  for (const [index, { code, stdout, stderr }] of ends.entries()) {
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, executables[index]?.join(' '))
    assert.match(stderr, /^millrace .+: The environment has a mistake: KAFKA_WORKER_GROUP_ID: Application id "a\\"; drop schema public; --": .+\n$/)
  }
})

test('every command that takes an id refuses such an id before it asks any service', async () => {
  for (const command of ['lag', 'reset']) {
    const { code, stderr } = await runToEnd(['millrace.js', command, '--application-id', INJECTION], { KAFKA_BOOTSTRAP: '127.0.0.1:1' })

    assert.equal(code, 2)
    assert.match(stderr, /Application id .+: it names a consumer group, a Postgres schema and a Redis prefix/)
  }
})

test('a reading role that would be everybody, or that Postgres would cut to another name, is refused', () => {
  for (const role of ['public', 'none', 'pg_monitor', 'r'.repeat(64), 'é'.repeat(32)]) assert.throws(() => readConfig({ DATABASE_READONLY_ROLE: role }), /DATABASE_READONLY_ROLE: Role /, role)
  for (const role of ['reader', 'Some "odd" role', 'name@project.iam', 'é'.repeat(31)]) assert.equal(readConfig({ DATABASE_READONLY_ROLE: role }).DATABASE_READONLY_ROLE, role)
})
