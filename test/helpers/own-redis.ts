import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Redis } from 'ioredis'
import { accepts, freePort } from '../../scripts/services/processes.ts'
import { findProgram, requireProgram } from '../../scripts/services/programs.ts'

/** A Redis of a test's own: it may be killed, and started again on its port with nothing in it. */
export interface OwnRedis {
  readonly address: string
  readonly port: number
  /** Comes back by itself and waits for its server meanwhile; for the test's own commands. */
  readonly client: Redis
  /** As kill -9 does it; resolves when it is gone. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
}

export interface OwnRedisOptions {
  readonly args?: readonly string[]
  readonly password?: string
}

/** Throws where Redis is neither installed nor may be. */
export async function openOwnRedis (t: Pick<TestContext, 'after'>, { args = [], password }: OwnRedisOptions = {}): Promise<OwnRedis> {
  const program = await requireProgram(() => findProgram('redis-server'), 'Redis', 'redis-server')
  const directory = mkdtempSync(join(tmpdir(), 'millrace-redis-'))
  const port = await freePort()
  const address = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`
  const command = [
    '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory,
    ...(password === undefined ? [] : ['--requirepass', password, '--masterauth', password]), ...args
  ]
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(program, command, { stdio: 'ignore' })
    while (!await accepts(port)) {
      if (child.exitCode !== null) throw new Error(`redis-server ${command.join(' ')} ended with exit code ${child.exitCode}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const client = new Redis(address, { maxRetriesPerRequest: null, retryStrategy: () => 50, lazyConnect: true })
  client.on('error', () => {})
  t.after(async () => {
    client.disconnect()
    await kill()
    rmSync(directory, { recursive: true, force: true })
  })
  await start()
  return { address, port, client, kill, start }
}
