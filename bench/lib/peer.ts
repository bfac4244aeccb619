import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf, machineBusySeconds, peakMegabytesOf } from './cpu.ts'
import type { Owner } from './owner.ts'

/**
 * How a subject in any language tells where it is, a line each on its standard output (its log goes to standard error):
 *
 * - `progress N`: it has worked off N records since its start; at most every 50 ms, and once for the last.
 * - `committed`: all records that it was to work off are, and their positions and results are committed.
 * - `result`: what it holds in the end is written to the file that it was given.
 *
 * Then it waits for SIGTERM.
 */
export interface Peer {
  readonly name: string
  readonly command: string
  readonly words: readonly string[]
  readonly directory?: string
  readonly environment: Readonly<Record<string, string>>
}

/** Of one run, from the first progress to the commit of the last record. */
export interface PeerRun {
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  /** From the start of the process. */
  readonly wallSeconds: number
  /** User and system time of the process from the first progress on, per record. */
  readonly cpuMicros: number | null
  /** Of those who serve it, where it was told how to ask them. */
  readonly serversCpuMicros: number | null
  /** Of everything on the machine: broker, databases and others. */
  readonly machineCpuMicros: number
  /** With what starting took. */
  readonly cpuSecondsWithStart: number | null
  readonly peakMegabytes: number | null
}

export interface StartedPeer {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly exited: Promise<unknown>
  /** The last of its log. */
  readonly said: () => string
}

/** Killed at the owner's end, if it still runs. */
export function startPeer (owner: Owner, { command, words, directory, environment }: Peer): StartedPeer {
  const child = spawn(command, words, { cwd: directory, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  owner.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  })
  let said = ''
  child.stderr.on('data', chunk => { said = (said + String(chunk)).slice(-4_000) })
  return { child, exited, said: () => said }
}

/** What it tells, a line each: the word, and the numbers behind it. */
export async function * linesOf ({ child }: StartedPeer): AsyncGenerator<readonly [word: string, ...numbers: number[]]> {
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = '', ...numbers] = line.split(' ')
    yield [word, ...numbers.map(Number)]
  }
}

export function endedBefore ({ child, said }: StartedPeer, what: string): Error {
  return new Error(`It ended before ${what} (${child.exitCode ?? child.signalCode ?? 'still running'}):\n${said()}`)
}

interface Sample {
  readonly records: number
  readonly at: number
  readonly cpu: number | undefined
  readonly servers: number | undefined
  readonly machine: number
}

export interface PeerOptions {
  readonly timeoutMs: number
  /** What those who serve it have taken so far, in seconds: the backends of Postgres. */
  readonly serversCpu?: () => Promise<number | undefined>
}

/** Runs one to its end. Rejects where it ends before, or is not done in time, with the last that it said. */
export async function runPeer (owner: Owner, peer: Peer, { timeoutMs, serversCpu = nobody }: PeerOptions): Promise<PeerRun> {
  const startedAt = performance.now()
  const started = startPeer(owner, peer)
  const { child, exited, said } = started
  const { pid = 0 } = child
  const take = async (records: number): Promise<Sample> => {
    const at = performance.now()
    const [cpu, servers] = await Promise.all([cpuSecondsOf(pid), serversCpu()])
    return { records, at, cpu, servers, machine: machineBusySeconds() }
  }

  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  try {
    let records = 0
    let first: Promise<Sample> | undefined
    let last: Promise<Sample> | undefined
    for await (const [word, number = 0] of linesOf(started)) {
      if (word === 'progress') {
        records = number
        if (records > 0) first ??= take(records)
      } else if (word === 'committed') last = take(records)
      else if (word === 'result') {
        if (first === undefined || last === undefined) break
        const peak = await peakMegabytesOf(pid)
        child.kill('SIGTERM')
        return runBetween(await first, await last, startedAt, peak)
      }
    }
    // Its outputs end a moment before it does.
    await Promise.race([exited, sleep(1_000)])
    throw new Error(`${peer.name} ended after ${records} records and ${Math.round((performance.now() - startedAt) / 1000)} s (${child.exitCode ?? child.signalCode ?? 'still running'}):\n${said()}`)
  } finally {
    clearTimeout(timer)
  }
}

function runBetween (first: Sample, last: Sample, startedAt: number, peak: number | undefined): PeerRun {
  const records = last.records - first.records
  const seconds = (last.at - first.at) / 1000
  const perRecord = (from: number | undefined, to: number | undefined): number | null => from === undefined || to === undefined ? null : (to - from) * 1e6 / records
  return {
    records,
    seconds,
    recordsPerSecond: records / seconds,
    wallSeconds: (last.at - startedAt) / 1000,
    cpuMicros: perRecord(first.cpu, last.cpu),
    serversCpuMicros: perRecord(first.servers, last.servers),
    machineCpuMicros: (last.machine - first.machine) * 1e6 / records,
    cpuSecondsWithStart: last.cpu ?? null,
    peakMegabytes: peak ?? null
  }
}

async function nobody (): Promise<undefined> {}
