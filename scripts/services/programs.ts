import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program on the PATH. */
export function findProgram (name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return path.split(delimiter).filter(Boolean).map(folder => join(folder, name)).find(isExecutable)
}

/** Finds a program; where it may (root on Debian or Ubuntu) it installs the package that has it. */
export async function requireProgram (find: () => string | undefined, what: string, packageName: string): Promise<string> {
  const found = find()
  if (found !== undefined) return found
  if (!canInstallPackages()) throw new Error(`${what} is not installed; install it (Debian: apt-get install ${packageName}) and try again`)
  await installPackage(packageName)
  const installed = find()
  if (installed === undefined) throw new Error(`${what} is not there, although the package ${packageName} is installed`)
  return installed
}

export function canInstallPackages (): boolean {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined && isDebian()
}

let installs: Promise<unknown> = Promise.resolve()
let listsAreFresh = false

/** One after the other: dpkg has one lock. */
export function installPackage (name: string): Promise<void> {
  const install = installs.then(async () => {
    if (!listsAreFresh) await report('apt-get', ['update', '-qq'])
    listsAreFresh = true
    await withoutServiceStart(() => report('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name]))
  })
  installs = install.catch(() => {})
  return install
}

/** Runs a program, its output on our stderr: stdout is kept for what a shell evaluates. */
export function report (program: string, args: readonly string[], cwd?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    })
    child.once('error', reject)
    child.once('exit', code => code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} failed (exit code ${code})`)))
  })
}

/** Debian starts a server it installs; this is its own way of asking it not to. */
async function withoutServiceStart (task: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return await task()
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await task()
  } finally {
    rmSync(policy, { force: true })
  }
}

function isDebian (): boolean {
  return existsSync('/etc/os-release') && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
