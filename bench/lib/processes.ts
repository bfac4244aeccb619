import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Owner } from './owner.ts'

export interface StartedProcess {
  readonly child: ChildProcess
  readonly pid: number
  /** What it said on both of its outputs. */
  readonly output: () => string
  /** SIGTERM, and its exit code. */
  readonly stop: () => Promise<number | null>
  readonly exited: Promise<unknown>
}

const ROOT = new URL('../../', import.meta.url)

/** A program of this repository as a process of its own; killed at the owner's end, if it still runs. */
export function startProcess (owner: Owner, program: string, environment: Readonly<Record<string, string>>, words: readonly string[] = [], directory?: string): StartedProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, ROOT)), ...words], { cwd: directory, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', chunk => { output += String(chunk) })
  child.stderr.on('data', chunk => { output += String(chunk) })
  const exited = once(child, 'exit')
  owner.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  })
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    async stop () {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
      return child.exitCode
    }
  }
}
