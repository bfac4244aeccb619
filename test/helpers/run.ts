import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs an executable of bin/ until it ends by itself; one that has not after a minute is killed, and its code is null. */
export async function runToEnd (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const [file = '', ...rest] = args
  const child = spawn(process.execPath, [`${ROOT}bin/${file}`, ...rest], { cwd: ROOT, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += String(chunk) })
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}
