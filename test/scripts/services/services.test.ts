import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { accepts, freePort, isRunning, spawnDetached, stop, waitUntilReady } from '../../../scripts/services/processes.ts'
import { down, status, up, type Starters } from '../../../scripts/services/services.ts'
import type { RunningService, ServiceName } from '../../../scripts/services/state.ts'

test('two starts at the same time get one set of services', async t => {
  const directory = temporaryDirectory(t)

  const [first, second] = await Promise.all([up(directory, starters), up(directory, starters)])

  assert.deepEqual(first.running, second.running)
  assert.deepEqual([first.started.length, second.started.length].sort(), [0, 3])
})

test('what died is started again, what lives is kept', async t => {
  const directory = temporaryDirectory(t)
  const before = await up(directory, starters)
  const redis = find(before.running, 'redis')
  await stop(redis)

  const after = await up(directory, starters)

  assert.deepEqual(after.started.map(({ name }) => name), ['redis'])
  assert.notEqual(find(after.running, 'redis').pid, redis.pid)
  assert.equal(find(after.running, 'kafka').pid, find(before.running, 'kafka').pid)
  assert.equal(existsSync(redis.directory), false)
})

test('a service that cannot start is missing with its reason, the others run', async t => {
  const directory = temporaryDirectory(t)

  const { running, missing } = await up(directory, { ...starters, kafka: async () => { throw new Error('no Java') } })

  assert.deepEqual(running.map(({ name }) => name), ['redis', 'postgres'])
  assert.deepEqual(missing, [{ name: 'kafka', problem: 'no Java' }])
})

test('down stops everything recorded and removes its data', async t => {
  const directory = temporaryDirectory(t)
  const { running } = await up(directory, starters)

  await down(directory)

  assert.deepEqual(await status(directory), [])
  for (const service of running) {
    assert.equal(await isRunning(service), false)
    assert.equal(existsSync(service.directory), false)
  }
})

test('down stops only what is named, if something is', async t => {
  const directory = temporaryDirectory(t)
  const { running } = await up(directory, starters)

  await down(directory, [find(running, 'postgres')])

  assert.deepEqual((await status(directory)).map(({ name }) => name), ['kafka', 'redis'])
})

/** Programs that only listen: quick to start, and stopped like the real ones. */
const starters: Starters = { kafka: listener('kafka'), redis: listener('redis'), postgres: listener('postgres') }

function listener (name: ServiceName): (directory: string) => Promise<RunningService> {
  return async directory => {
    const port = await freePort()
    const logFile = join(directory, 'log')
    const args = ['-e', `require('node:net').createServer().listen(${port}, '127.0.0.1')`, directory]
    const pid = await spawnDetached({ program: process.execPath, args, cwd: directory, logFile })
    await waitUntilReady(pid, logFile, () => accepts(port))
    return { name, pid, commandContains: directory, port, address: `127.0.0.1:${port}`, directory }
  }
}

function find (services: readonly RunningService[], name: ServiceName): RunningService {
  const service = services.find(service => service.name === name)
  assert.ok(service !== undefined)
  return service
}

function temporaryDirectory (t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  t.after(async () => {
    await down(directory)
    rmSync(directory, { recursive: true })
  })
  return directory
}
