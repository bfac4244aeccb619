import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { accepts, freePort, isRunning, spawnDetached, stop, waitUntilReady } from '../../../scripts/services/processes.ts'
import type { RunningService } from '../../../scripts/services/state.ts'

test('a started process is recognised, and stopped', async t => {
  const service = await startSleeper(t)

  assert.equal(await isRunning(service), true)
  await stop(service)

  assert.equal(await isRunning(service), false)
})

test('a pid that another program has by now is left alone', async t => {
  const service = await startSleeper(t)

  await stop({ ...service, commandContains: 'kafka.Kafka' })

  assert.equal(await isRunning(service), true)
})

test('a process that does not listen to the request is ended', async t => {
  const service = await startSleeper(t, "process.on('SIGTERM', () => {})")

  await stop(service, 200)

  assert.equal(await isRunning(service), false)
})

test('a program that ends instead of starting is reported with its last words', async t => {
  const directory = temporaryDirectory(t)
  const logFile = join(directory, 'log')
  const pid = await spawnDetached({ program: process.execPath, args: ['-e', "throw new Error('no room')"], cwd: directory, logFile })

  await assert.rejects(waitUntilReady(pid, logFile, async () => false), /the process ended:[^]*no room/)
})

test('a program that is not there is an error, not a crash', async t => {
  const directory = temporaryDirectory(t)

  await assert.rejects(spawnDetached({ program: join(directory, 'nothing'), args: [], cwd: directory, logFile: join(directory, 'log') }), /ENOENT/)
})

test('a free port accepts nothing', async () => {
  assert.equal(await accepts(await freePort()), false)
})

async function startSleeper (t: TestContext, code = ''): Promise<RunningService> {
  const directory = temporaryDirectory(t)
  const logFile = join(directory, 'log')
  const args = ['-e', `${code}; setInterval(() => {}, 1000); console.log('ready')`, directory]
  const pid = await spawnDetached({ program: process.execPath, args, cwd: directory, logFile })
  const service: RunningService = { name: 'redis', pid, commandContains: directory, port: 1, address: '-', directory }
  t.after(() => stop(service))
  await waitUntilReady(pid, logFile, async () => readFileSync(logFile, 'utf8').includes('ready'))
  return service
}

function temporaryDirectory (t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}
