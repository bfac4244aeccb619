import { execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RunningService } from './state.ts'

export const run = promisify(execFile)

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly logFile: string
  /** Another user to run as; only root may. */
  readonly user?: UserIds | undefined
}

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/** Starts a program that outlives this one; its output goes to the log file. */
export async function spawnDetached ({ program, args, cwd, logFile, user }: Command): Promise<number> {
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', log, log], ...user })
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    if (child.pid === undefined) throw new Error(`${program} has no process id`)
    return child.pid
  } finally {
    closeSync(log)
  }
}

/** Waits until `ready` says so; throws with the end of the log when the process ends or time is up. */
export async function waitUntilReady (pid: number, logFile: string, ready: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!await ready()) {
    if (!exists(pid)) throw new Error(`the process ended:\n${endOf(logFile)}`)
    if (Date.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      throw new Error(`not ready after ${timeoutMs / 1000} s:\n${endOf(logFile)}`)
    }
    await sleep(30)
  }
}

/** Whether the recorded process is still there and still the program that was started. */
export async function isRunning ({ pid, commandContains }: Pick<RunningService, 'pid' | 'commandContains'>): Promise<boolean> {
  return exists(pid) && (await commandLine(pid)).includes(commandContains)
}

/** Asks the process to end, makes it after `patienceMs`; touches nothing if the pid is another program's by now. */
export async function stop (service: RunningService, patienceMs = 20_000): Promise<void> {
  if (!await isRunning(service)) return
  // SIGINT is Postgres' "fast" stop; at SIGTERM it would wait for its clients to leave.
  process.kill(service.pid, service.name === 'postgres' ? 'SIGINT' : 'SIGTERM')
  const deadline = Date.now() + patienceMs
  while (await isRunning(service)) {
    if (Date.now() > deadline) process.kill(service.pid, 'SIGKILL')
    await sleep(50)
  }
}

/** Whether something accepts connections on the local port. */
export function accepts (port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port, timeout: timeoutMs })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false))
  })
}

/** Below those that systems give to outgoing connections: between being chosen and being listened at, one of these would take it. */
const FIRST_PORT = 10_000
const LAST_PORT = 32_000
const MOST_PORTS_TRIED = 100

/** Nobody listens at it now. */
export async function freePort (): Promise<number> {
  for (let tries = 0; tries < MOST_PORTS_TRIED; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (await isFree(port)) return port
  }
  throw new Error(`of ${MOST_PORTS_TRIED} ports between ${FIRST_PORT} and ${LAST_PORT} none is free`)
}

function isFree (port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function exists (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Empty for a process that has ended, also one that nobody has waited for yet. */
async function commandLine (pid: number): Promise<string> {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout
  } catch {
    return ''
  }
}

function endOf (file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-25).join('\n') : '(no log)'
}
