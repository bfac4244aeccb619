import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  cacheDirectory, exportLines, parseState, readState, stateDirectory, withLock, writeState,
  type RunningService
} from '../../../scripts/services/state.ts'

const redis: RunningService = {
  name: 'redis', pid: 4711, commandContains: '127.0.0.1:24001', port: 24001, address: 'redis://127.0.0.1:24001', directory: 'redis-a'
}

test('what was recorded is read again', t => {
  const directory = temporaryDirectory(t)

  writeState(directory, [redis])

  assert.deepEqual(readState(directory), [redis])
})

test('a missing, broken or foreign state file counts as nothing recorded', t => {
  assert.deepEqual(readState(temporaryDirectory(t)), [])
  for (const text of ['', '{', '[]', '{"services":[{"name":"redis"}]}']) assert.deepEqual(parseState(text), [])
})

test('process 1 and whole process groups cannot be recorded, so they cannot be stopped', () => {
  for (const pid of [-1, 0, 1]) assert.deepEqual(parseState(JSON.stringify({ services: [{ ...redis, pid }] })), [])
})

test('a shell gets one export for each service', () => {
  const lines = exportLines([{ name: 'kafka', address: '127.0.0.1:1' }, { name: 'postgres', address: 'postgres://a@b/c' }])

  assert.equal(lines, 'export KAFKA_BOOTSTRAP=127.0.0.1:1\nexport DATABASE_URL=postgres://a@b/c\n')
})

test('the environment can move the state and the cache', () => {
  assert.equal(stateDirectory({ MILLRACE_SERVICES_DIR: 'elsewhere' }), 'elsewhere')
  assert.equal(cacheDirectory({ MILLRACE_CACHE: 'elsewhere' }), 'elsewhere')
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: 'caches' }), join('caches', 'millrace'))
})

test('only one holds the lock, and who waits is told', async t => {
  const directory = temporaryDirectory(t)
  const first = Promise.withResolvers<void>()
  const waited = Promise.withResolvers<void>()
  const seen: string[] = []

  const holder = withLock(directory, async () => {
    await first.promise
    seen.push('first')
  }, assert.fail)
  const waiter = withLock(directory, async () => { seen.push('second') }, waited.resolve)
  await waited.promise
  first.resolve()
  await Promise.all([holder, waiter])

  assert.deepEqual(seen, ['first', 'second'])
})

test('the lock is free again after a failure', async t => {
  const directory = temporaryDirectory(t)

  await assert.rejects(withLock(directory, () => Promise.reject(new Error('no')), () => {}), /no/)

  assert.equal(await withLock(directory, async () => 'mine', () => {}), 'mine')
})

function temporaryDirectory (t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}
