import { join } from 'node:path'
import { accepts, freePort, spawnDetached, waitUntilReady } from './processes.ts'
import { findProgram, requireProgram } from './programs.ts'
import type { RunningService } from './state.ts'

/** One Redis that keeps everything in memory and forgets it when it stops; `further` are more arguments, and `PORT` in them is its port. */
export async function startRedis (directory: string, further: readonly string[] = []): Promise<RunningService> {
  const program = await requireProgram(() => findProgram('redis-server'), 'Redis', 'redis-server')
  const port = await freePort()
  const logFile = join(directory, 'log')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory, ...further.map(argument => argument === 'PORT' ? String(port) : argument)]
  const pid = await spawnDetached({ program, args, cwd: directory, logFile })
  await waitUntilReady(pid, logFile, () => accepts(port))
  return {
    name: 'redis',
    pid,
    commandContains: `127.0.0.1:${port}`,
    port,
    address: `redis://127.0.0.1:${port}`,
    directory
  }
}
